"""One customer's way through a day, compiled: everybody else is routed by a frozen rule.

The others go to the shared queue, and whoever of them gave up is left alone. What the kernel books
for the focal customer is brought to the form in which all customers' journeys sum up to the day.
"""

from typing import Final

from envs import kernel, rng
from envs.config import CentreConfig
from envs.jit import inlined, njit
from envs.observe import observe
from envs.outcomes import occasion
from envs.records import CHURN, RESOLVED, WAIT
from envs.state import FOLLOW_UP, IN_SERVICE, NOTHING, QUEUE, RETURNING, WAITING, State
from envs.step import begin
from nba.types import Floats

# What a step of the journey came to.
ASKED: Final = 0  # the focal customer needs an action
LEFT: Final = 1  # the contact has ended for good
DAY_OVER: Final = 2
FULL: Final = 3
NOBODY: Final = 4  # the day has no such customer

_DRAW: Final = 900_000  # index of the key that draws the focal customer of a day


@njit
def begin_journey(s: State, c: CentreConfig, day: int, number: int, day_end: float) -> int:
    """Start a day and run to the arrival of its customer `number`, or of a drawn one if negative.

    Centre 0 is played. A day's draw depends on the site and the day alone.
    """
    centre = s.centre[0]
    centre.focal = -1
    if begin(s, c, 0, day, 0.0, day_end) == kernel.FULL:
        return FULL
    if number >= centre.n_arrivals:
        return NOBODY
    if number < 0:
        u = rng.uniform(rng.key(centre.day_key, _DRAW), 1)
        number = int(u * centre.n_arrivals)
    centre.focal = number
    return _run(s, c, day_end)


@njit
def step_journey(s: State, c: CentreConfig, action: int, day_end: float, parts: Floats) -> int:
    """Apply an action to the focal customer and run until the next one is needed, if ever.

    `parts` (C + 1,) gets the outcome components since, and whether the journey is still open.
    """
    centre = s.centre[0]
    slot = centre.pending
    focal = s.customer[0, slot]
    contact = focal.contact
    # A repeat on another day: drawn at the contact's end, under the key of this occasion.
    luck = occasion(centre.luck_key, focal)
    comes_back = rng.uniform(luck, rng.RECONTACT) < c.recontact_share
    for i in range(len(centre.of_focal)):
        parts[i] = centre.of_focal[i]
    kernel.act(s, c, 0, action)
    code = _run_on(s, c, day_end)
    for i in range(len(centre.of_focal)):
        parts[i] = centre.of_focal[i] - parts[i]
    parts[len(centre.of_focal)] = 0.0
    if centre.left:
        if comes_back and parts[RESOLVED] == 0.0:
            parts[len(centre.of_focal)] = 1.0
    elif code == DAY_OVER:
        parts[len(centre.of_focal)] = 1.0
        if focal.status == IN_SERVICE:
            parts[WAIT] += focal.waited
        if focal.status == WAITING:
            parts[WAIT] += focal.waited + centre.now - focal.since
        if focal.status == RETURNING:
            parts[CHURN] = 0.0
    elif focal.contact != contact:
        # The issue went on the same day: its churn is booked when it ends.
        parts[CHURN] = 0.0
    return code


@inlined
def _run_on(s: State, c: CentreConfig, day_end: float) -> int:
    """Go on from an action just applied to the focal customer's next occasion."""
    code = kernel.advance(s, c, 0, day_end)
    if s.centre[0].left:
        return LEFT
    if code == kernel.DAY_OVER:
        return DAY_OVER
    if code == kernel.FULL:
        return FULL
    return _run(s, c, day_end)


@njit
def _run(s: State, c: CentreConfig, day_end: float) -> int:
    """Route the others until the focal customer needs an action."""
    centre = s.centre[0]
    while True:
        pending = s.customer[0, centre.pending]
        if pending.number == centre.focal:
            observe(s, c, 0)
            return ASKED
        kernel.act(s, c, 0, NOTHING if pending.occasion == FOLLOW_UP else QUEUE)
        code = kernel.advance(s, c, 0, day_end)
        if centre.left:
            return LEFT
        if code == kernel.DAY_OVER:
            return DAY_OVER
        if code == kernel.FULL:
            return FULL
