"""Policies judged on a log that need not fit in memory: two passes over batches of decisions.

The first pass adds up what the reward models need, one per fold of customers; the second scores
the policies and adds up their sums. Source: Chernozhukov et al. 2018 (cross-fitting).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from nba.errors import InputError, LogError
from nba.evaluate.check import validate_log
from nba.evaluate.comparison import REWARD, Comparison, component_logs, weigh_predictions
from nba.evaluate.rows import log_rows
from nba.evaluate.segments import encode_segment
from nba.evaluate.target import scoring_blocks, target_probabilities
from nba.listen.objective import Objective
from nba.listen.units import unit_parts
from nba.terminal import progress
from nba.types import DecisionLog, Floats, Policy
from nba.understand.basis import Basis, make_basis
from nba.understand.fit import RIDGE, Gram, gram_of_rows, solve
from nba.understand.reward_model import LinearRewardModel

_FOLDS: Final = 5
_BLOCK: Final = 1024
Batches = Callable[[], Iterable[DecisionLog]]


@dataclass(slots=True)
class StreamedRewards:
    """A cross-fitted reward model from batches: `add` them all, then `predict` each.

    Features are scaled by the first batch.
    """

    basis: Basis | None = None
    grams: list[Gram] = field(default_factory=list)  # one per fold
    models: list[LinearRewardModel] = field(default_factory=list)

    def add(self, log: DecisionLog) -> None:
        """Add the rows of a batch that have a reward."""
        if self.basis is None:
            self.basis = make_basis(
                log.context_names, log.action_names, context=log.context, actions=log.actions
            )
        fold = _folds(log)
        known = ~np.isnan(log.reward)
        fresh = [
            gram_of_rows(self.basis, log, np.flatnonzero(known & (fold == k)))
            for k in range(_FOLDS)
        ]
        pairs = zip(self.grams, fresh, strict=True)
        self.grams = [Gram.sum_of(pair) for pair in pairs] if self.grams else fresh

    def predict(self, log: DecisionLog) -> Floats:
        """Expected rewards of a batch's actions, (m,), by models that never saw its units."""
        assert self.basis is not None, "add the batches first"
        if not self.models:
            total = Gram.sum_of(self.grams)
            self.models = [
                LinearRewardModel(self.basis, solve(total.without(gram), RIDGE))
                for gram in self.grams
            ]
        fold = _folds(log)
        predictions = np.empty(len(log.actions))
        for block in scoring_blocks(log, size=_BLOCK):
            for k in np.unique(fold[block.rows]).tolist():
                mine = fold[block.rows] == k
                mask = block.mask & mine[:, None]
                rewards = self.models[k].batch_rewards(block.context[mine], block.actions[mine])
                predictions[block.flat[mask[block.mask]]] = rewards[block.mask[mine]]
        return predictions


def stream_policies(
    batches: Batches,
    policies: Mapping[str, Policy],
    *,
    segments: Sequence[str] = (),
    objective: Objective | None = None,
    n_batches: int = 0,
) -> Comparison:
    """The sums of several policies on a log that comes in batches, in bounded memory.

    `batches()` starts the log anew: it is read twice. `n_batches` only fills the progress bar.
    Raises LogError or InputError naming what no estimate may use, with its row in the batch.
    """
    models: dict[str, StreamedRewards] = {}
    with progress("batches, model", n_batches) as advance:
        for log in batches():
            validate_log(log)
            for component, part in component_logs(log, objective).items():
                if component == REWARD and objective is not None:
                    continue  # its model is that of its components
                models.setdefault(component, StreamedRewards()).add(part)
            advance()
    if not models:
        raise LogError("the log has no batch; give at least one decision")
    found = Comparison(objective=None if objective is None else dict(objective.weights))
    with progress("batches, policies", n_batches) as advance:
        for log in batches():
            found.merge(_sum_batch(log, policies, models, segments, objective))
            advance()
    return found


def _sum_batch(
    log: DecisionLog,
    policies: Mapping[str, Policy],
    models: Mapping[str, StreamedRewards],
    segments: Sequence[str],
    objective: Objective | None,
) -> Comparison:
    absent = [name for name in segments if name not in log.segments]
    if absent:
        known = ", ".join(sorted(log.segments)) or "none"
        raise InputError(f"the log has no segment column {absent[0]!r}; it has {known}")
    found = Comparison()
    columns = [encode_segment(name, log.segments[name]) for name in segments]
    targets = {name: target_probabilities(policy, log) for name, policy in policies.items()}
    expected: dict[str, Floats] = {}
    for component, part in component_logs(log, objective).items():
        if component in models:
            expected[component] = models[component].predict(part)
        elif objective is not None:
            expected[component] = weigh_predictions(expected, objective)
        for name, target in targets.items():
            rows = log_rows(part, target, expected[component])
            found.update_rows(name, rows, columns, component=component)
    return found


def _folds(log: DecisionLog) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return unit_parts(log.unit, _FOLDS, purpose="cross-fit 0")
