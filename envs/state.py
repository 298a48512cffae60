"""The tables of B independent centres, and the constants that name actions and statuses.

Letters: B centres, S customer slots, K employees, N arrivals a day, M logged decisions a day,
E = S + K + 1 event entities (slots, employees, the next arrival).
"""

from typing import Final, NamedTuple

import numpy as np

from envs.config import CentreConfig
from envs.records import (
    COMPONENTS,
    Centre,
    Customer,
    Employee,
    Event,
    Fixed,
    Leg,
    Table,
    column,
    table,
)
from envs.staffing import shifts
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.objective import Objective
from nba.types import Bools, Floats, Floats32

# Actions before the employees.
CONTENT: Final = 0
CHAT_BOT: Final = 1
VOICE_BOT: Final = 2
CALLBACK: Final = 3
QUEUE: Final = 4
FIRST_EMPLOYEE: Final = 5

# What a customer in a slot is doing.
FREE: Final = 0
DECIDING: Final = 1
WAITING: Final = 2
IN_BOT: Final = 3
IN_SERVICE: Final = 4
CALLED_BACK: Final = 5
RETURNING: Final = 6

IDLE: Final = -1
OFF_SHIFT: Final = -2


class State(NamedTuple):
    """All tables of B centres; compiled code reads and writes them in place."""

    centre: Table[Centre]  # (B,)
    customer: Table[Customer]  # (B, S)
    employee: Table[Employee]  # (B, K + 1)
    event: Table[Event]  # (B, E)
    free: Floats  # (B, S) int64: stack of free slots
    arrival: Floats  # (B, N) s after opening, ascending
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
    slots: int = 1024,
    decisions: int = 1,
    expects: bool = False,
) -> State:
    """Empty tables for `n_centres` centres; `decisions` is the length of the day's log."""
    b, k, s = n_centres, config.n_employees, slots
    a = FIRST_EMPLOYEE + k
    employees = table(Employee, b, k + 1)
    starts, ends = shifts(config)
    column(employees, "shift_start")[:, :k] = starts
    column(employees, "shift_end")[:, :k] = ends
    fixed = table(Fixed, 1)
    column(fixed, "rates")[0, : len(config.rates)] = config.rates
    column(fixed, "expects")[0] = expects
    column(fixed, "weights")[0] = [objective.weights.get(name, 0.0) for name in COMPONENTS]
    return State(
        centre=table(Centre, b),
        customer=table(Customer, b, s),
        employee=employees,
        event=table(Event, b, s + k + 1),
        free=np.zeros((b, s), dtype=np.int64),
        arrival=np.zeros((b, int(config.contacts_per_day * 1.8 + 200))),
        leg=table(Leg, b, decisions),
        context=np.zeros((b, len(CONTACT_CENTRE.context_names)), dtype=np.float32),
        actions=np.zeros((b, a, len(CONTACT_CENTRE.action_names)), dtype=np.float32),
        mask=np.zeros((b, a), dtype=np.bool_),
        fixed=fixed,
    )
