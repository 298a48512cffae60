"""An estimator as a function of a log: the sums of one pass, finished for one estimand."""

from dataclasses import dataclass

from nba.evaluate.estimand import Estimand
from nba.evaluate.stats import Statistics
from nba.types import DecisionLog, Estimate, Floats
from nba.understand.reward_model import cross_fit_rewards


@dataclass(frozen=True, slots=True)
class RatioEstimator:
    """Estimates one estimand; call it with a log and the target's probabilities."""

    estimand: Estimand

    @property
    def name(self) -> str:
        """The field's short name of the estimator."""
        return self.estimand.name

    def __call__(
        self,
        log: DecisionLog,
        target: Floats,
        *,
        level: float = 0.95,
        reward_predictions: Floats | None = None,
    ) -> Estimate:
        """The target's expected reward in EUR per decision.

        `target` and `reward_predictions` are (m,), in the log's flat order; where a model is
        needed and none is given, it is cross-fitted on this log. Rows with a NaN reward are left
        out; `diagnostics` counts them. Raises LogError or InputError naming a row that no
        estimate may use.
        """
        modelled = self.estimand.modelled
        statistics = log_statistics(log, target, reward_predictions, modelled=modelled)
        return self.finalize(statistics, level=level)

    def finalize(self, statistics: Statistics, *, level: float = 0.95) -> Estimate:
        """The same from sums that were made before."""
        return statistics.finalize(self.estimand, level=level)

    def choose(self, statistics: Statistics, *, level: float = 0.95) -> Estimand:
        """The estimand: always the same one."""
        return self.estimand


def log_statistics(
    log: DecisionLog, target: Floats, reward_predictions: Floats | None, *, modelled: bool
) -> Statistics:
    """The sums of a target on a log; a model that is needed and not given is cross-fitted."""
    if modelled and reward_predictions is None:
        reward_predictions = cross_fit_rewards(log)
    statistics = Statistics()
    statistics.update(log, target, reward_predictions=reward_predictions)
    return statistics
