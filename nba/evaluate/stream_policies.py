"""Policies judged on a log that need not fit in memory, so that the objective's levers can change.

Three passes over batches of decisions: the scales of the features; what the reward models of the
components need, one per fold of customers; the policies' sums.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from nba.errors import InputError
from nba.evaluate.check import validate_log
from nba.evaluate.comparison import REWARD, Comparison, component_logs, weigh_predictions
from nba.evaluate.rows import log_rows
from nba.evaluate.segments import encode_segment
from nba.evaluate.streamed_rewards import StreamedRewards, basis_of
from nba.evaluate.target import target_probabilities
from nba.listen.objective import Objective
from nba.terminal import progress
from nba.types import DecisionLog, Floats, Policy

Batches = Callable[[], Iterable[DecisionLog]]


def stream_policies(
    batches: Batches,
    policies: Mapping[str, Policy],
    *,
    segments: Sequence[str] = (),
    objective: Objective | None = None,
    n_batches: int = 0,
) -> Comparison:
    """The sums of several policies on a log that comes in batches, in bounded memory.

    `batches()` starts the log anew: it is read three times. `n_batches` fills the
    progress bar.
    Raises LogError or InputError naming what no estimate may use, with its row in the batch.
    """
    basis = basis_of(batches())
    models: dict[str, StreamedRewards] = {}
    with progress("batches, model", n_batches) as advance:
        for log in batches():
            validate_log(log)
            for component, part in component_logs(log, objective).items():
                if component == REWARD and objective is not None:
                    continue  # its model is that of its components
                models.setdefault(component, StreamedRewards(basis)).add(part)
            advance()
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
