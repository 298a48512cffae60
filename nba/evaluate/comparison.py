"""Many target policies on the same rows in one pass: overall, per segment, per outcome component.

All sums stand in the same buckets of units, so any two policies can be compared pairwise, and
sums of components give the value under other objective weights without a second pass.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from nba.errors import InputError
from nba.evaluate.check import validate_log
from nba.evaluate.difference import difference
from nba.evaluate.estimators import ESTIMATORS, WITHOUT_MODEL, SumEstimator
from nba.evaluate.levers import weigh_components
from nba.evaluate.rows import WeightedRows, log_rows
from nba.evaluate.segments import Segment, encode_segment
from nba.evaluate.stats import Statistics
from nba.listen.objective import Objective
from nba.types import DecisionLog, Estimate, Floats
from nba.understand.reward_model import cross_fit_rewards

REWARD: Final = ""  # not a component: the whole reward, as logged or by the objective
Key = tuple[str, str, str]  # policy, segment ("column=value", or "" for all rows), component


@dataclass(slots=True)
class Comparison:
    """The sums of several policies; `update_rows` and `merge` add to them."""

    sums: dict[Key, Statistics] = field(default_factory=dict)
    objective: Mapping[str, float] | None = None  # component → EUR per unit, when summed
    levers: Mapping[str, float] | None = None  # the same now; None: as when summed

    @property
    def policies(self) -> tuple[str, ...]:
        """The names of the target policies."""
        return tuple(dict.fromkeys(policy for policy, _, _ in self.sums))

    @property
    def segments(self) -> tuple[str, ...]:
        """The names of the segments, each as "column=value", in alphabetical order."""
        return tuple(sorted({segment for _, segment, _ in self.sums} - {""}))

    def update_rows(
        self, policy: str, rows: WeightedRows, segments: Sequence[Segment], *, component: str
    ) -> None:
        """Add rows of one policy and component, overall and within each value of each segment."""
        self._add(policy, "", component, rows)
        for segment in segments:
            for value, mine in segment.groups():
                self._add(policy, f"{segment.name}={value}", component, rows.take(mine))

    def merge(self, other: "Comparison") -> None:
        """Add the sums of other rows of the same policies."""
        for key, statistics in other.sums.items():
            self.sums.setdefault(key, Statistics()).merge(statistics)

    def statistics(self, policy: str, *, segment: str = "") -> Statistics:
        """One policy's sums on all rows or in one segment; InputError if there are none."""
        parts = {
            component: sums
            for (name, inside, component), sums in self.sums.items()
            if (name, inside) == (policy, segment)
        }
        if not parts:
            if policy not in self.policies:
                raise InputError(f"no policy {policy!r}; there are {', '.join(self.policies)}")
            known = ", ".join(self.segments) or "none"
            raise InputError(f"no segment {segment!r}; there are {known}")
        if self.levers is None:
            return parts[REWARD]
        return weigh_components(parts, self.levers)

    def estimate(
        self, policy: str, estimator: SumEstimator, *, segment: str = "", level: float = 0.95
    ) -> Estimate:
        """What a policy would have earned, EUR per decision."""
        return estimator.finalize(self.statistics(policy, segment=segment), level=level)

    def estimates(
        self, policy: str, *, segment: str = "", level: float = 0.95
    ) -> tuple[Estimate, ...]:
        """The same by every estimator that the sums allow."""
        statistics = self.statistics(policy, segment=segment)
        able = ESTIMATORS if statistics.has_model else WITHOUT_MODEL
        return tuple(estimator.finalize(statistics, level=level) for estimator in able)

    def difference(
        self,
        policy: str,
        baseline: str | None,
        estimator: SumEstimator,
        *,
        segment: str = "",
        level: float = 0.95,
    ) -> Estimate:
        """Policy minus baseline on the same rows; without one, minus the logging policy."""
        mine = self.statistics(policy, segment=segment)
        other = None if baseline is None else self.statistics(baseline, segment=segment)
        estimand = estimator.choose(mine, level=level)
        return difference(mine, estimand, baseline=other, level=level)

    def with_levers(self, levers: Mapping[str, float]) -> "Comparison":
        """The same sums under an objective with some weights replaced.

        Raises InputError for a component that the objective of this comparison does not have.
        """
        weights = self.levers or self.objective
        if weights is None:
            raise InputError(
                "this comparison has sums of the reward alone; give an objective when comparing"
            )
        return replace(self, levers=Objective(weights).with_levers(levers).weights)

    def _add(self, policy: str, segment: str, component: str, rows: WeightedRows) -> None:
        self.sums.setdefault((policy, segment, component), Statistics()).add(rows)


def compare(
    log: DecisionLog,
    targets: Mapping[str, Floats],
    *,
    segments: Sequence[str] = (),
    objective: Objective | None = None,
    predictions: Floats | None = None,
) -> Comparison:
    """The sums of several targets, each (m,) probabilities, on one log.

    `predictions` (m,) are expected rewards; without them a model is cross-fitted. With an
    `objective` the sums are of its components, each with a model of its own, so that its weights
    can be changed afterwards. Raises LogError or InputError naming what no estimate may use.
    """
    validate_log(log)
    missing = [name for name in segments if name not in log.segments]
    if missing:
        known = ", ".join(sorted(log.segments)) or "none"
        raise InputError(f"the log has no segment column {missing[0]!r}; it has {known}")
    columns = [encode_segment(name, log.segments[name]) for name in segments]
    found = Comparison(objective=None if objective is None else dict(objective.weights))
    parts = component_logs(log, objective)
    expected = {} if predictions is None else {REWARD: predictions}
    for component, part in parts.items():
        if component not in expected:
            expected[component] = (
                cross_fit_rewards(part)
                if component != REWARD or objective is None
                else weigh_predictions(expected, objective)
            )
        for policy, target in targets.items():
            rows = log_rows(part, target, expected[component])
            found.update_rows(policy, rows, columns, component=component)
    return found


def weigh_predictions(expected: Mapping[str, Floats], objective: Objective) -> Floats:
    """Expected rewards from those of the components, (m,): ridge regression is linear in them."""
    return np.asarray(sum(weight * expected[name] for name, weight in objective.weights.items()))


def component_logs(log: DecisionLog, objective: Objective | None) -> dict[str, DecisionLog]:
    """The log with each component of the objective as its reward, last the objective itself.

    Without an objective it is the log alone. A row counts where every component is known. Raises
    InputError for a component that the log does not have.
    """
    if objective is None:
        return {REWARD: log}
    reward = objective.reward(log.outcomes)
    missing = np.isnan(reward)
    parts = {
        name: replace(log, reward=np.where(missing, np.nan, log.outcomes[name]))
        for name in objective.weights
    }
    return {**parts, REWARD: replace(log, reward=reward)}
