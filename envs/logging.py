"""What a policy leaves behind: decisions with true propensities, outcomes that come late."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from envs.config import CentreConfig
from envs.day_blocks import DayBlock, Step, day_blocks, play_block
from envs.log_columns import DayOutcomes, log_slices
from envs.log_rows import Rows
from envs.records import COMPONENTS, column
from envs.run_days import Progress
from envs.state import State
from envs.vector import ContactCentreVector
from nba.errors import CapacityError
from nba.listen.log_parts import append_outcomes
from nba.listen.outcomes import OutcomeColumns
from nba.types import DecisionLog, Floats, Ints, Policy

# How long one waits for a component before it counts as missing, s.
WINDOW_S: Final = dict.fromkeys(COMPONENTS, 86_400.0) | {
    "csat": 2 * 86_400.0,
    "churn_loss_eur": 14 * 86_400.0,
    "churned": 14 * 86_400.0,
}
SLICE_ACTIONS: Final = 200_000  # offered actions of a slice, about: 16 MB of features

Slice = tuple[DecisionLog, OutcomeColumns]


def simulate_log(
    policy: Policy,
    config: CentreConfig,
    *,
    n_days: int,
    seed: int,
    progress: Progress | None = None,
) -> Slice:
    """Let a policy serve `n_days` centre-days; its decisions, and the outcomes that came back.

    The log's rewards are NaN: `nba.listen.outcomes.join_outcomes` fills them. An outcome belongs to
    a decision and to all that followed in the same contact. Contacts that the day's end left open
    have no outcome. Row i's unit is the customer. All of it is in memory:
    `envs.log_directory` writes logs of any length.
    """

    def count(step: Step) -> None:
        if progress is not None and step.ended.any():
            progress(int(step.ended.sum()))

    slices = [
        part
        for block in day_blocks(config, sites=n_days, days=1)
        for part in logged_slices(policy, config, block, seed=seed, watch=count)
    ]
    return _appended([log for log, _ in slices]), append_outcomes([o for _, o in slices])


def logged_block(
    policy: Policy,
    config: CentreConfig,
    block: DayBlock,
    *,
    seed: int,
    watch: Callable[[Step], None],
) -> Slice:
    """The log and the outcomes of one block, all in memory; `watch` sees each step.

    Raises CapacityError as `logged_slices` does.
    """
    slices = list(logged_slices(policy, config, block, seed=seed, watch=watch))
    return _appended([log for log, _ in slices]), append_outcomes([o for _, o in slices])


def logged_slices(
    policy: Policy,
    config: CentreConfig,
    block: DayBlock,
    *,
    seed: int,
    watch: Callable[[Step], None],
) -> Iterator[Slice]:
    """The log and the outcomes of a block, in slices of bounded size; `watch` sees each step.

    Raises CapacityError for a day with more decisions than the simulator can keep.
    """
    rows = Rows(block)
    outcomes: dict[int, DayOutcomes] = {}
    for step in play_block(policy, config, block, seed=seed, log=True, before_step=rows.add):
        decisions = step.vector.day_figures()["decisions"] if step.ended.any() else np.zeros(0)
        for b in np.flatnonzero(step.ended).tolist():
            outcomes[b] = _close_day(step.vector, b, int(decisions[b]))
        watch(step)
    yield from log_slices(
        rows, outcomes, config,
        policy_version=policy.version, seed=seed, most_actions=SLICE_ACTIONS,
    )  # fmt: skip


def contact_outcome(state: State, b: int, number: int) -> Floats | None:
    """Outcome (C,) of a decision and all that followed in its contact; None while it goes on."""
    n = int(column(state.centre, "decisions")[b])
    day = _rolled_up(state, b, n)
    goes_on = np.isnan(day.end[number]) or _escalates(state, b, n, number)
    return None if goes_on else day.outcome[number]


def _escalates(state: State, b: int, n: int, number: int) -> bool:
    """Whether the contact of a decision whose own part has ended still asks for another action."""
    pending = int(column(state.centre, "pending")[b])
    if pending < 0:
        return False
    last = int(column(state.customer, "decision")[b, pending])
    parent = column(state.leg, "parent")[b, :n].astype(np.int64)
    while last > number:
        last = int(parent[last])
    return last == number and int(column(state.customer, "step")[b, pending]) > 0


def _close_day(vector: ContactCentreVector, b: int, n: int) -> DayOutcomes:
    """What came of a day's n decisions, read before the next day writes over it."""
    if n > vector.state.leg.shape[1]:
        raise CapacityError(
            f"{n} decisions in one day outgrow the log's {vector.state.leg.shape[1]} rows; "
            "lower the load"
        )
    return _rolled_up(vector.state, b, n)


def _rolled_up(state: State, b: int, n: int) -> DayOutcomes:
    """Outcomes and end times of decisions, later ones of the same contact added in."""
    outcome = column(state.leg, "outcome")[b, :n].astype(np.float64)
    end = column(state.leg, "end")[b, :n].astype(np.float64)
    parent = column(state.leg, "parent")[b, :n].astype(np.int64)
    survey = COMPONENTS.index("csat")
    surveys = outcome[:, survey].copy()
    outcome[:, survey] = 0.0
    for children in _by_depth(parent)[:0:-1]:
        parents = parent[children]
        outcome[parents] += outcome[children]
        end[parents] = np.maximum(end[parents], end[children])  # NaN stays NaN: still open
        surveys[parents] = surveys[children]
    outcome[:, survey] = surveys
    return DayOutcomes(outcome, end)


def _by_depth(parent: Ints) -> list[Ints]:
    """The decisions by their step in the contact; one that follows another has it as parent."""
    child = np.full(len(parent), -1)
    follows = np.flatnonzero(parent >= 0)
    child[parent[follows]] = follows  # a decision has one successor at most
    levels = [np.flatnonzero(parent < 0)]
    while len(levels[-1]):
        following = child[levels[-1]]
        levels.append(following[following >= 0])
    return levels


def _appended(slices: Sequence[DecisionLog]) -> DecisionLog:
    """The slices as one log."""

    def column_of(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(part, name) for part in slices])

    return replace(
        slices[0],
        decision_id=column_of("decision_id"),
        unit=column_of("unit"),
        at=column_of("at"),
        context=column_of("context"),
        offsets=np.cumsum(np.concatenate([[0], *(np.diff(part.offsets) for part in slices)])),
        action_ids=column_of("action_ids"),
        actions=column_of("actions"),
        chosen=column_of("chosen"),
        propensity=column_of("propensity"),
        policy_version=column_of("policy_version"),
        reward=column_of("reward"),
        segments={
            name: np.concatenate([part.segments[name] for part in slices])
            for name in slices[0].segments
        },
    )
