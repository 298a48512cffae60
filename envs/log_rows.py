"""What is seen and chosen at each step of a block of centre-days, kept until the days are over."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from envs.day_blocks import DayBlock
from envs.records import column
from envs.vector import ContactCentreVector
from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import Bools, Floats, Floats32, Ints

# Rows of a page of `Pages`; the system gives memory to the part of it that is written to.
_PAGE: Final = 1 << 21


class Pages:
    """Rows that are appended and then taken in any order, never held twice as a whole."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._pages: list[Floats32] = []
        self._n = 0

    def append(self, rows: Floats32) -> None:
        """Add rows (r, width) at the end."""
        written = 0
        while written < len(rows):
            place = self._n % _PAGE
            if place == 0:
                self._pages.append(np.empty((_PAGE, self._width), dtype=np.float32))
            part = rows[written : written + _PAGE - place]
            self._pages[-1][place : place + len(part)] = part
            written += len(part)
            self._n += len(part)

    def take(self, index: Ints) -> Floats32:
        """The rows with these numbers, (r, width)."""
        page = index // _PAGE
        numbers = np.unique(page)
        if len(numbers) == 1:  # nearly always: five times faster than picking from several
            return np.take(self._pages[numbers[0]], index - page * _PAGE, axis=0)
        out = np.empty((len(index), self._width), dtype=np.float32)
        for number in numbers:
            here = page == number
            out[here] = np.take(self._pages[number], index[here] - number * _PAGE, axis=0)
        return out


@dataclass(slots=True)
class Rows:
    """What is seen and chosen at each step of a block; steps interleave the centres."""

    block: DayBlock
    context: list[Floats32] = field(default_factory=list)
    actions: Pages = field(default_factory=lambda: Pages(len(CONTACT_CENTRE.action_names)))
    action_index: list[Ints] = field(default_factory=list)
    counts: list[Ints] = field(default_factory=list)
    chosen: list[Ints] = field(default_factory=list)
    propensity: list[Floats] = field(default_factory=list)
    centre: list[Ints] = field(default_factory=list)
    number: list[Ints] = field(default_factory=list)
    customer: list[Ints] = field(default_factory=list)
    at: list[Floats] = field(default_factory=list)

    def add(
        self, vector: ContactCentreVector, active: Bools, chosen: Ints, propensity: Floats
    ) -> None:
        """Keep one step's decisions of the centres that are still at their day."""
        context, actions, mask = vector.observe()
        rows = np.flatnonzero(active)
        mask = mask[rows]
        centre = vector.state.centre
        pending = column(centre, "pending")[rows].astype(np.int64)
        customers = column(vector.state.customer, "number")[rows, pending]
        self.context.append(context[rows].copy())
        self.actions.append(actions[rows][mask])
        self.action_index.append(np.nonzero(mask)[1])
        self.counts.append(mask.sum(axis=1))
        self.chosen.append(np.cumsum(mask, axis=1)[np.arange(len(rows)), chosen[rows]] - 1)
        self.propensity.append(propensity[rows].copy())
        self.centre.append(rows)
        self.number.append(column(centre, "decisions")[rows].astype(np.int64))
        self.customer.append(customers.astype(np.int64))
        self.at.append(column(centre, "now")[rows].astype(np.float64))
