"""Importance weighting: what the log earned, reweighted to what the target would have chosen.

Sources: Horvitz & Thompson 1952 (IPS); Hájek 1971, Swaminathan & Joachims 2015 (SNIPS).
"""

from typing import Final

from nba.evaluate.estimand import Estimand
from nba.evaluate.estimator import RatioEstimator

# Σ w r / n: unbiased while the propensities are right, and noisy where weights are large.
ips: Final = RatioEstimator(Estimand("ips", {"wr": 1.0}))
# Σ w r / Σ w: a small bias for less noise; a constant added to all rewards only shifts it.
snips: Final = RatioEstimator(Estimand("snips", {"wr": 1.0}, denominator="w"))
