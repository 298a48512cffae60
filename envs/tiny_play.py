"""Plays a policy of the tiny model in the simulated centre, which it reads as the model sees it.

Only for checks of one against the other: what it reads is the kernel's truth, not the observation.
Kinds are the first intents; waiting customers beyond the model's limits are left out.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from envs.records import column
from envs.state import FIRST_EMPLOYEE, IN_SERVICE, QUEUE
from envs.tiny_centre import Situation, TinyCentre
from envs.vector import ContactCentreVector
from nba.errors import InputError
from nba.types import Ints


@dataclass(frozen=True, slots=True)
class Reader:
    """Finds the model's state of every simulated centre."""

    centre: TinyCentre
    codes: Ints  # (S,) ascending
    order: Ints  # (S,) the state that has each code

    @classmethod
    def of(cls, centre: TinyCentre, states: list[Situation]) -> "Reader":
        """A reader for these states of this model."""
        codes = _encode(centre, np.array([_digits(centre, state) for state in states]))
        order = np.argsort(codes)
        return cls(centre, codes[order], order)

    def read(self, vector: ContactCentreVector) -> tuple[Ints, Ints]:
        """State (B,) before the pending arrival, and that arrival's kind (B,)."""
        tables = vector.state
        every = np.arange(vector.n_centres)
        n_employees, own = self.centre.n_employees, self.centre.own_queue_limit
        # Tables of all slots are large: rows are picked before they are converted.
        intent = column(tables.customer, "intent")
        behind = column(tables.customer, "behind")
        head = column(tables.desk, "head").astype(np.int64)
        busy = column(tables.desk, "active").astype(np.int64)[:, :n_employees] > 0
        since = column(tables.desk, "idle_since").astype(np.float64)[:, :n_employees]
        served = np.zeros((vector.n_centres, n_employees), dtype=np.int64)
        rows, slots = np.nonzero(column(tables.customer, "status") == IN_SERVICE)
        with_whom = column(tables.customer, "employee")[rows, slots].astype(np.int64)
        served[rows, with_whom] = intent[rows, slots]
        by_idle = np.argsort(np.where(busy, np.inf, since), axis=1, kind="stable") + 1
        ranked = np.where(np.arange(n_employees) < (~busy).sum(axis=1)[:, None], by_idle, 0)
        queues = [(head[:, k], own) for k in range(n_employees)]
        queues.append((head[:, -1], self.centre.shared_queue_limit))
        digits = [np.where(busy, served + 1, 0), ranked]
        for at, limit in queues:
            slot = at
            for _ in range(limit):
                kind = intent[every, np.maximum(slot, 0)].astype(np.int64)
                digits.append(np.where(slot >= 0, kind + 1, 0)[:, None])
                next_slot = behind[every, np.maximum(slot, 0)].astype(np.int64)
                slot = np.where(slot >= 0, next_slot, -1)
        codes = _encode(self.centre, np.concatenate(digits, axis=1))
        found = np.minimum(np.searchsorted(self.codes, codes), len(self.codes) - 1)
        if (self.codes[found] != codes).any():
            b = int(np.flatnonzero(self.codes[found] != codes)[0])
            raise InputError(
                f"centre {b} is in no state of the model; does its configuration have "
                f"{n_employees} employees, {self.centre.n_kinds} intents and own queues of {own}?"
            )
        pending = column(tables.centre, "pending").astype(np.int64)
        return self.order[found], intent[every, pending].astype(np.int64)


def actions_of(vector: ContactCentreVector, centre: TinyCentre, choices: Ints) -> Ints:
    """The kernel's actions (B,) for the model's (B,); what is closed there becomes the queue."""
    chosen = np.where(choices == centre.n_employees, QUEUE, FIRST_EMPLOYEE + choices)
    legal: NDArray[np.bool_] = vector.observe()[2][np.arange(vector.n_centres), chosen]
    return np.where(legal, chosen, QUEUE)


def _digits(centre: TinyCentre, state: Situation) -> list[int]:
    row = [kind + 1 for kind in state.serving]
    row += _padded([k + 1 for k in state.idle], centre.n_employees)
    for queue in state.own:
        row += _padded([kind + 1 for kind in queue], centre.own_queue_limit)
    return row + _padded([kind + 1 for kind in state.shared], centre.shared_queue_limit)


def _padded(row: list[int], length: int) -> list[int]:
    return row + [0] * (length - len(row))


def _encode(centre: TinyCentre, digits: Ints) -> Ints:
    """One number per row of digits."""
    base = max(centre.n_kinds, centre.n_employees) + 1
    if base ** digits.shape[1] > 2**62:
        raise InputError("the queues' limits are too high to number the states")
    return np.asarray(digits.astype(np.int64) @ base ** np.arange(digits.shape[1]), dtype=np.int64)
