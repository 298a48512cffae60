"""Doubly robust: the model's opinion, corrected by the weighted errors it made on the log.

Right in large logs if either the propensities or the model are right; with cross-fitted
predictions its interval needs no further correction.
Sources: Dudík, Erhan, Langford, Li 2014; Chernozhukov et al. 2018 (cross-fitting).
"""

from typing import Final

from nba.evaluate.estimand import Estimand
from nba.evaluate.estimator import RatioEstimator

# Σ (v + w (r - q)) / n.
dr: Final = RatioEstimator(Estimand("dr", {"v": 1.0, "wr": 1.0, "wq": -1.0}))
# Σ v / n + Σ w (r - q) / Σ w: the errors' mean is one of weights, so it stays among the errors.
sndr: Final = RatioEstimator(
    Estimand("sndr", {"wr": 1.0, "wq": -1.0}, denominator="w", offset={"v": 1.0})
)
