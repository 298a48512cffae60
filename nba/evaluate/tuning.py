"""How much to shrink: λ chosen from the sums of one target policy, for that policy alone.

Estimated mean squared error is the default: over seven planted worlds (effective sample size 23 to
247) the squared error was .08 to 1.3 times that without shrinking; SLOPE's was .00 to 11 times,
the best where weights are wild and far too bold where they are tame.

Sources: Su, Srinath, Krishnamurthy 2020 and Tucker & Lee 2021 (SLOPE); Wang, Agarwal, Dudík 2017
and Su, Dimakopoulou, Krishnamurthy, Dudík 2020 (estimated mean squared error).
"""

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from nba.evaluate.estimand import Estimand, Family
from nba.evaluate.estimator import log_statistics
from nba.evaluate.intervals import delta_error, t_quantile
from nba.evaluate.shrinkage import NAMES, shrinkage_path
from nba.evaluate.stats import Statistics, linearise
from nba.types import DecisionLog, Estimate, Floats

Method = Literal["slope", "mse"]


@dataclass(frozen=True, slots=True)
class TunedEstimator:
    """A family of shrunk weights with λ chosen anew for every target; it holds no λ itself."""

    family: Family
    method: Method = "mse"

    @property
    def name(self) -> str:
        """The family's short name."""
        return NAMES[self.family]

    def __call__(
        self,
        log: DecisionLog,
        target: Floats,
        *,
        level: float = 0.95,
        reward_predictions: Floats | None = None,
    ) -> Estimate:
        """The target's expected reward in EUR per decision, as `RatioEstimator` gives it."""
        modelled = shrinkage_path(self.family)[0].modelled
        statistics = log_statistics(log, target, reward_predictions, modelled=modelled)
        return self.finalize(statistics, level=level)

    def finalize(self, statistics: Statistics, *, level: float = 0.95) -> Estimate:
        """The estimate at the λ chosen; `diagnostics["lambda"]` tells it.

        Shrinking buys less error, not more certainty: how far it moved the value the log cannot
        tell, so the interval is that of the estimate without it, stretched to hold the value.
        """
        path = shrinkage_path(self.family)
        chosen = self.choose(statistics, level=level)
        found = statistics.finalize(chosen, level=level)
        unshrunk = statistics.finalize(path[0], level=level)
        return replace(
            found,
            method=self.name,
            low=min(unshrunk.low, found.value),
            high=max(unshrunk.high, found.value),
            diagnostics={**found.diagnostics, "lambda": _strength(chosen, path)},
        )

    def choose(self, statistics: Statistics, *, level: float = 0.95) -> Estimand:
        """The family's estimand for this target; use it for differences too."""
        path = shrinkage_path(self.family)
        found = [linearise(statistics, estimand) for estimand in path]
        values = np.array([each.value for each in found])
        influences = np.array([each.influence for each in found])
        if influences.shape[1] < 2:
            return path[0]
        place = (
            slope(values, influences, level=level)
            if self.method == "slope"
            else least_error(values, influences)
        )
        return path[place]


def slope(values: Floats, influences: Floats, *, level: float = 0.95) -> int:
    """The place of the least noisy value (L,) that contradicts none of the less biased before it.

    `influences` is (L, J) per bucket of units; values come in the order of growing bias.

    >>> steady, noisy = np.array([1.0, -1.0, 1.0, -1.0]), np.array([9.0, -9.0, 9.0, -9.0])
    >>> slope(np.array([2.0, 3.0]), np.array([noisy, steady]))
    1
    """
    reach = t_quantile(level, influences.shape[1] - 1) * np.array(
        [delta_error(influence) for influence in influences]
    )
    chosen = 0
    for place in range(1, len(values)):
        apart = np.abs(values[place] - values[:place])
        if np.all(apart <= reach[place] + (np.sqrt(6.0) - 1.0) * reach[:place]):
            chosen = place
    return chosen


def least_error(values: Floats, influences: Floats) -> int:
    """The place of the value (L,) with the least estimated squared bias plus variance.

    The bias is the distance to the first, which has none; `influences` is (L, J).

    >>> steady, noisy = np.array([1.0, -1.0, 1.0, -1.0]), np.array([9.0, -9.0, 9.0, -9.0])
    >>> least_error(np.array([2.0, 3.0]), np.array([noisy, steady]))
    1
    """
    variance = np.array([delta_error(influence) ** 2 for influence in influences])
    return int(np.argmin(np.square(values - values[0]) + variance))


def _strength(chosen: Estimand, path: tuple[Estimand, ...]) -> float:
    """λ of an estimand of a path, whose ends have no shrinkage of their own."""
    if chosen.shrinkage.family is not None:
        return chosen.shrinkage.strength
    if chosen is path[0]:
        return 0.0 if path[1].shrinkage.family == "subgaussian" else float("inf")
    return 0.0


tuned_clipped: Final = TunedEstimator("clip")
tuned_sub_gaussian: Final = TunedEstimator("subgaussian")
tuned_switch: Final = TunedEstimator("switch")
tuned_dros: Final = TunedEstimator("dros")
