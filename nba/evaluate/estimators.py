"""Every estimator that sums can finish, in the order in which they are shown."""

from typing import Final

from nba.evaluate.direct import dm
from nba.evaluate.doubly_robust import dr, sndr
from nba.evaluate.estimator import RatioEstimator
from nba.evaluate.tuning import (
    TunedEstimator,
    tuned_clipped,
    tuned_dros,
    tuned_sub_gaussian,
    tuned_switch,
)
from nba.evaluate.weighting import ips, snips

SumEstimator = RatioEstimator | TunedEstimator

ESTIMATORS: Final[tuple[SumEstimator, ...]] = (
    ips, snips, tuned_clipped, tuned_sub_gaussian, dm, dr, sndr, tuned_switch, tuned_dros,
)  # fmt: skip
WITHOUT_MODEL: Final[tuple[SumEstimator, ...]] = (ips, snips, tuned_clipped, tuned_sub_gaussian)
