"""The direct method: the reward model's opinion of the target's choices, averaged over the log.

Its interval is of the contexts only: the model's own error is not in it (Dudík et al. 2014).
"""

from typing import Final

from nba.evaluate.estimand import Estimand
from nba.evaluate.estimator import RatioEstimator

# Σ v / n with v = Σ target · predicted reward over a row's actions.
dm: Final = RatioEstimator(Estimand("dm", {"v": 1.0}))
