"""A day's arrival times: profile x weekday x day factor, over-dispersed within each slot.

Sources: bank_calls (a large North American bank, 2003; 164 weekdays of 169 five-minute slots,
5.32 M calls; fpp3) for profile, weekday factors and variance/mean; Oreshkin, Regnard, L'Ecuyer 2016
for the rate x busyness form. A slot's rate is a gamma number whose spread gives the stated
variance/mean at any size of centre; the day factor is a gamma number of mean one.
"""

from typing import Final

import numpy as np

from envs import rng
from envs.config import CentreConfig
from envs.jit import njit
from envs.state import State

SLOT_S: Final = 300.0


@njit
def slot_mean(s: State, c: CentreConfig, b: int, slot: int) -> float:
    """Expected arrivals in a slot, the day factor aside."""
    weekday = s.centre[b].day % len(c.weekday_factors)
    rate = s.fixed[0].rates[int(slot * SLOT_S / 3600.0)]
    return float(rate * c.weekday_factors[weekday] * SLOT_S)


@njit
def day_factor(c: CentreConfig, day_key: np.uint64) -> float:
    """How busy this day is, around one."""
    if c.day_cv <= 0.0:
        return 1.0
    shape = 1.0 / (c.day_cv * c.day_cv)
    return rng.gamma(day_key, rng.DAY, shape) / shape


@njit
def draw_arrivals(s: State, c: CentreConfig, b: int) -> bool:
    """Write the day's arrival times in order; False when the array is too short for them."""
    day_key = s.centre[b].day_key
    factor = day_factor(c, day_key)
    slots_key = rng.key(day_key, rng.SLOT)
    n = 0
    for slot in range(round(c.profile_hours * 3600.0 / SLOT_S)):
        mean = slot_mean(s, c, b, slot) * factor
        slot_key = rng.key(slots_key, slot)
        if c.dispersion > 1.0:
            scale = c.dispersion - 1.0
            mean = rng.gamma(slot_key, rng.SLOT, mean / scale) * scale
        # The points of a Poisson process of rate one, stretched over the slot, come in order.
        point = rng.gap(slot_key, 0, rng.ARRIVAL)
        count = 0
        while point < mean:
            if n == s.arrival.shape[1]:
                return False
            s.arrival[b, n] = (slot + point / mean) * SLOT_S
            n += 1
            count += 1
            point += rng.gap(slot_key, count, rng.ARRIVAL)
    s.centre[b].n_arrivals = n
    return True
