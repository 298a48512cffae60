"""An estimator as a function of a log: the sums of one pass, finished for one estimand."""

from dataclasses import dataclass

from nba.evaluate.stats import Estimand, Statistics
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
        if self.estimand.modelled and reward_predictions is None:
            reward_predictions = cross_fit_rewards(log)
        statistics = Statistics()
        statistics.update(log, target, reward_predictions=reward_predictions)
        return statistics.finalize(self.estimand, level=level)
