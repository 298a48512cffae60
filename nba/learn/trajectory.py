"""A log read as trajectories: which decision of the centre came next, and how long it took.

Source: Bradtke and Duff 1994 (what comes dt seconds later counts exp(−dt / horizon)).
"""

from dataclasses import dataclass

import numpy as np

from nba.errors import InputError
from nba.types import DecisionLog, Floats, Ints


@dataclass(frozen=True, slots=True)
class Horizon:
    """How far ahead a learner looks, and where a trajectory ends."""

    horizon_s: float = 600.0  # 0: no later decision counts, which is the direct method
    gap_s: float = 4 * 3600.0  # no decision for so long: the day is over

    def __post_init__(self) -> None:
        for name in ("horizon_s", "gap_s"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value >= 0.0):
                raise InputError(f"{name} is {value}; 0 s or more is needed")

    def following(self, log: DecisionLog) -> tuple[Ints, Floats]:
        """Row of the next decision (n,), −1 at a day's end, and what it counts for (n,).

        The centre is one system, so the next decision may be another customer's: whoever was
        given to a customer is missing for the next one.
        """
        after = np.full(len(log), -1, dtype=np.int64)
        discount = np.zeros(len(log))
        if self.horizon_s == 0.0 or len(log) < 2:
            return after, discount
        order = np.argsort(log.at, kind="stable")
        passed = np.diff(log.at[order])
        same = passed <= self.gap_s
        after[order[:-1][same]] = order[1:][same]
        discount[order[:-1][same]] = np.exp(-passed[same] / self.horizon_s)
        return after, discount
