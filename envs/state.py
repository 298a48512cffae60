"""The tables of B independent centres, and the constants that name actions and statuses.

Letters: B centres, S customer slots, K employees, N arrivals a day, M logged decisions a day,
T rows of the timetable, E = S + K event entities (slots, and the ends of employees' breaks).
"""

from typing import Final, NamedTuple

import numpy as np

from envs.columns import STANDING
from envs.config import CentreConfig
from envs.records import (
    COMPONENTS,
    Centre,
    Customer,
    Desk,
    Event,
    Fixed,
    Leg,
    Person,
    Shift,
    Table,
    column,
    table,
)
from envs.staffing import shifts, timetable
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.objective import Objective
from nba.types import Bools, Floats, Floats32, Ints

# Actions before the employees.
CONTENT: Final = 0
CHAT_BOT: Final = 1
VOICE_BOT: Final = 2
CALLBACK: Final = 3
QUEUE: Final = 4
NOTHING: Final = 5
FIRST_EMPLOYEE: Final = 6
FIXED_ACTIONS: Final = ("content", "chat_bot", "voice_bot", "callback", "queue", "none")  # kinds

# What a customer in a slot is doing.
FREE: Final = 0
DECIDING: Final = 1
WAITING: Final = 2
IN_BOT: Final = 3
IN_SERVICE: Final = 4
CALLED_BACK: Final = 5
RETURNING: Final = 6
GAVE_UP: Final = 7  # and may be contacted in a moment

# What an employee is doing.
OFF: Final = 0
ON_BREAK: Final = 1
AT_WORK: Final = 2

# Why an action is needed, in the order of `nba.listen.contact_features.OCCASIONS`.
ARRIVAL: Final = 0
ESCALATION: Final = 1
DUE_CALL: Final = 2
FOLLOW_UP: Final = 3

VOICE: Final = 0
CHAT: Final = 1


class State(NamedTuple):
    """All tables of B centres; compiled code reads and writes them in place."""

    centre: Table[Centre]  # (B,)
    customer: Table[Customer]  # (B, S)
    person: Table[Person]  # (B, K)
    desk: Table[Desk]  # (B, K + 1)
    standing: Floats32  # (B, K, 4) observed facts that last
    staff: Ints  # (B, K) int32: the employees at work in ascending order, then anything
    event: Table[Event]  # (B, E) heap
    place: Ints  # (B, E) int32: where an entity stands in the heap, −1 for nowhere
    free: Ints  # (B, S) stack of free slots
    arrival: Floats  # (B, N) s after opening, ascending
    shift: Table[Shift]  # (T,)
    leg: Table[Leg]  # (B, M)
    context: Floats32  # (B, d)
    actions: Floats32  # (B, A, p)
    mask: Bools  # (B, A)
    fixed: Table[Fixed]  # (1,)


def allocate(
    config: CentreConfig,
    n_centres: int,
    objective: Objective,
    *,
    decisions: int = 1,
    expects: bool = False,
) -> State:
    """Empty tables for `n_centres` centres; `decisions` is the length of the day's log."""
    b, k = n_centres, config.n_employees
    # Room for a fifth of the day's contacts at once: far more than patience lets pile up.
    s = max(1024, int(0.2 * config.contacts_per_day))
    a = FIRST_EMPLOYEE + k
    desks = table(Desk, b, k + 1)
    column(desks, "shift_end")[:, :k] = shifts(config)[1]
    return State(
        centre=table(Centre, b),
        customer=table(Customer, b, s),
        person=table(Person, b, k),
        desk=desks,
        standing=np.zeros((b, k, len(STANDING)), dtype=np.float32),
        staff=np.zeros((b, k), dtype=np.int32),
        event=table(Event, b, s + k),
        place=np.full((b, s + k), -1, dtype=np.int32),
        free=np.zeros((b, s), dtype=np.int64),
        arrival=np.zeros((b, int(config.contacts_per_day * 1.8 + 200))),
        shift=timetable(config),
        leg=table(Leg, b, decisions),
        context=np.zeros((b, len(CONTACT_CENTRE.context_names)), dtype=np.float32),
        actions=np.zeros((b, a, len(CONTACT_CENTRE.action_names)), dtype=np.float32),
        mask=np.zeros((b, a), dtype=np.bool_),
        fixed=_fixed(config, objective, expects=expects),
    )


def _fixed(config: CentreConfig, objective: Objective, *, expects: bool) -> Table[Fixed]:
    fixed = table(Fixed, 1)
    column(fixed, "rates")[0, : len(config.rates)] = config.rates
    column(fixed, "weights")[0] = [objective.weights.get(name, 0.0) for name in COMPONENTS]
    column(fixed, "expects")[0] = expects
    # A lognormal number of coefficient of variation c has log variance log(1 + c²).
    column(fixed, "log_sigma")[0] = np.sqrt(np.log1p(config.service_cv**2))
    # 0.65 is the mean over stamina of the share of a load above 75 % that tires, over 0.25.
    column(fixed, "tiring")[0] = config.resolve_fatigue * 0.65 / 0.25
    column(fixed, "stranger")[0] = np.exp(config.resolve_language)
    column(fixed, "typical_s")[0] = np.dot(config.intent_share, config.service_mean_s)
    return fixed
