"""Arrivals counted per five-minute slot and day: the table that arrival fitting starts from."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from envs.arrivals import SLOT_S
from envs.calibration.contacts import DAY_S
from nba.errors import InputError
from nba.types import Floats, Ints

EPOCH_WEEKDAY: Final = 3  # 1970-01-01 was a Thursday, 0 = Monday
WORKING_DAYS: Final = 5  # of the simulated week
_QUIET: Final = 0.01  # an hour with less than this share of the busiest hour's arrivals is closed


@dataclass(frozen=True, slots=True)
class SlotCounts:
    """Arrivals per centre-day and slot of the opening hours; weekday 0 is Monday."""

    counts: Floats  # (days, slots)
    weekday: Ints  # (days,)
    open_hour: float  # h of the day at which slot 0 begins
    left_out: int  # arrivals at weekends or outside the opening hours
    slot_s: float = SLOT_S

    def __post_init__(self) -> None:
        if self.counts.ndim != 2 or len(self.counts) < 2:
            raise InputError(
                f"arrivals on {len(self.counts)} working day; two or more days are needed"
            )

    @property
    def hours(self) -> float:
        """Length of the arrival profile, h."""
        return float(self.counts.shape[1] * self.slot_s / 3600.0)


def count_arrivals(
    at: Floats,
    weight: Floats | None = None,
    *,
    centre: Ints | None = None,
    slot_s: float = SLOT_S,
) -> SlotCounts:
    """Arrivals (n,) in wall-clock seconds, each counting `weight`, as a table of slots.

    Each centre's days are rows of their own.

    Opening hours are the hours with at least 1 % of the busiest hour's arrivals; the last one ends
    with the last slot in use. Working days without any arrival are taken as closed, not as quiet.
    """
    weight = np.ones(len(at)) if weight is None else weight
    day = np.floor_divide(at, DAY_S).astype(np.int64)
    weekday = (day + EPOCH_WEEKDAY) % 7
    second = at - day * DAY_S
    working = weekday < WORKING_DAYS
    slot = np.floor_divide(second, slot_s).astype(np.int64)
    first, last = _opening(slot[working], weight[working], round(3600.0 / slot_s))
    kept = working & (slot >= first) & (slot < last)
    own = np.zeros(len(at), dtype=np.int64) if centre is None else centre
    span = int(day.max(initial=0)) + 1
    days, row = np.unique(own[kept] * span + day[kept], return_inverse=True)
    shape = len(days), max(last - first, 0)
    cell = row * shape[1] + slot[kept] - first
    table = np.bincount(cell, weight[kept], minlength=shape[0] * shape[1])
    return SlotCounts(
        counts=table.reshape(shape).astype(np.float64),
        weekday=(days % span + EPOCH_WEEKDAY) % 7,
        open_hour=first * slot_s / 3600.0,
        left_out=int(weight[~kept].sum()),
        slot_s=slot_s,
    )


def _opening(slot: Ints, weight: Floats, per_hour: int) -> tuple[int, int]:
    """The first slot of the opening hours and the one after the last, both of the day."""
    if not weight.sum() > 0.0:
        return 0, 0
    per_slot = np.bincount(slot, weight, minlength=24 * per_hour)
    hourly = per_slot.reshape(24, per_hour).sum(axis=1)
    busy = np.flatnonzero(hourly >= _QUIET * hourly.max())
    in_use = np.flatnonzero(per_slot[: (busy[-1] + 1) * per_hour])
    return int(busy[0]) * per_hour, int(in_use[-1]) + 1
