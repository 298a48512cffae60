"""Longest idle: the employee who has waited longest for work, the trade's standard rule.

Sources: Armony 2005 and Atar 2008 (longest-idle-server-first routing in call centres).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from nba.act.policy import best_of, one_row
from nba.errors import InputError
from nba.listen.encode import FeatureSpec
from nba.types import ActionSet, Bools, Context, Floats, Floats32

NEEDED_COLUMNS: Final = (
    "kind=employee",
    "kind=queue",
    "idle_s",
    "language_match",
    "expected_wait_s",
    "kind=none",
)


@dataclass(frozen=True, slots=True)
class LongestIdle:
    """All mass on the longest idle employee, those who speak the language before others.

    Nobody idle: the shared queue, or without one the shortest expected wait. Equals: the first.
    Where doing nothing is open (nobody asked for anything), it does nothing.
    """

    spec: FeatureSpec
    name: str = "longest_idle"
    version: str = "rule-1"

    def __post_init__(self) -> None:
        absent = [name for name in NEEDED_COLUMNS if name not in self.spec.action_names]
        if absent:
            raise InputError(
                f"spec {self.spec.name!r} has no action column {absent[0]!r}; "
                f"longest-idle needs {', '.join(NEEDED_COLUMNS)}"
            )

    def probabilities(self, context: Context, actions: ActionSet) -> Floats:
        """The probability of each action, (k,)."""
        return one_row(self, context, actions)

    def batch_probabilities(
        self,
        context: Floats32,
        actions: Floats32,
        mask: Bools,
    ) -> Floats:
        """(B, d), (B, A, p), (B, A) → (B, A), zero where masked."""
        employee, queue, idle_s, speaks, wait_s, nothing = (
            actions[:, :, self.spec.action_column(name)] for name in NEEDED_COLUMNS
        )
        idle = mask & (employee == 1.0) & (idle_s > 0.0)
        in_language = idle & (speaks == 1.0)
        waits_in_queue = mask & (queue == 1.0)
        preference = np.where(mask, -wait_s.astype(np.float64), 0.0)
        open_to = mask
        unasked = mask & (nothing == 1.0)
        for group, value in (
            (waits_in_queue, -wait_s),
            (idle, idle_s),
            (in_language, idle_s),
            (unasked, -wait_s),
        ):
            some = group.any(axis=1, keepdims=True)
            preference = np.where(some, value, preference)
            open_to = np.where(some, group, open_to)
        return best_of(preference, open_to)
