"""One step of many centres, compiled: an action in each, on to the next decision, the reward."""

import numpy as np

from envs import kernel, rng
from envs.config import CentreConfig
from envs.jit import inlined, njit
from envs.observe import observe
from envs.outcomes import occasion
from envs.people import draw_roster
from envs.records import LATE_BREAK, WAIT, Centre, Result, Table
from envs.state import State
from nba.types import Bools, Ints


@njit
def begin(s: State, c: CentreConfig, b: int, day: int, start: float, day_end: float) -> int:
    """Start a day and run to its first decision; a day without any is followed by the next."""
    draw_roster(s, c, b)
    return _begin_day(s, c, b, day, start, day_end)


@njit
def _begin_day(s: State, c: CentreConfig, b: int, day: int, start: float, day_end: float) -> int:
    while True:
        if not kernel.start_day(s, c, b, day, start):
            return kernel.FULL
        code = kernel.advance(s, c, b, day_end)
        if code != kernel.DAY_OVER:
            if code == kernel.DECISION:
                observe(s, c, b)
            return code
        day += 1
        start = 0.0


@njit
def first_illegal(mask: Bools, chosen: Ints) -> int:
    """The first centre whose chosen action is not legal, −1 for none."""
    for b in range(chosen.shape[0]):
        if chosen[b] < 0 or chosen[b] >= mask.shape[1] or not mask[b, chosen[b]]:
            return b
    return -1


@njit
def step(
    s: State, c: CentreConfig, chosen: Ints, first: int, last: int, day_end: float,
    result: Table[Result], closed: Table[Centre],
) -> int:  # fmt: skip
    """Step the centres from `first` up to `last`, legal actions given."""
    for b in range(first, last):
        centre = s.centre[b]
        started = centre.now
        for i in range(len(centre.totals)):
            centre.old_totals[i] = centre.totals[i]
        centre.credited = 0.0
        kernel.act(s, c, b, chosen[b])
        code = kernel.advance(s, c, b, day_end)
        if code == kernel.FULL:
            return code
        row = result[b]
        row.done = code == kernel.DAY_OVER
        row.reward = _earned(s, c, centre, row.done)
        row.dt = centre.now - started
        if row.done:
            closed[b] = centre
            if _begin_day(s, c, b, centre.day + 1, 0.0, day_end) == kernel.FULL:
                return kernel.FULL
        else:
            observe(s, c, b)
        row.key = _decision_key(s, b)
    return kernel.DECISION


@inlined
def _earned(s: State, c: CentreConfig, centre: Centre, over: bool) -> float:
    """EUR since the last decision: realised, or expected where that is what training wants."""
    weights = s.fixed[0].weights
    totals, before = centre.totals, centre.old_totals
    if s.fixed[0].expects:
        # Waiting and late breaks are paid as they happen; the rest when it is decided.
        earned = centre.credited + weights[WAIT] * (totals[WAIT] - before[WAIT])
        return float(earned + weights[LATE_BREAK] * (totals[LATE_BREAK] - before[LATE_BREAK]))
    earned = c.open_contact_eur * centre.still_open if over else 0.0
    for i in range(len(totals)):
        earned += weights[i] * (totals[i] - before[i])
    return float(earned)


@inlined
def _decision_key(s: State, b: int) -> np.uint64:
    """The key of the pending decision, whatever was done before."""
    centre = s.centre[b]
    # The day's own key: luck that is drawn anew leaves the draws of a policy alone.
    return rng.mix(occasion(centre.day_key, s.customer[b, centre.pending]))


@njit
def decision_keys(s: State, result: Table[Result]) -> None:
    """Write the keys of all pending decisions."""
    for b in range(s.centre.shape[0]):
        result[b].key = _decision_key(s, b)
