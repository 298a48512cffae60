"""Static rules: a table of conditions and channels, as an operator would write it down.

Source: the menu trees of Gans, Koole and Mandelbaum 2003, section 2; every bound is assumed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final

import numpy as np

from envs.baselines.idle_rules import longest_idle
from envs.baselines.rule import Stage
from envs.baselines.seen import Seen
from nba.types import Bools


@dataclass(frozen=True, slots=True)
class Bound:
    """A condition on one context column: low ≤ value ≤ high."""

    column: str
    low: float = -math.inf
    high: float = math.inf

    def holds(self, seen: Seen) -> Bools:
        """Whether it holds, (B, 1)."""
        value = seen.of_contact(self.column)
        return np.asarray((self.low <= value) & (value <= self.high))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: the kind of action, where all bounds hold and it is legal."""

    kind: str
    bounds: tuple[Bound, ...]

    def stage(self, seen: Seen) -> Stage:
        """The legal actions this line opens, (B, A), the shortest wait first."""
        start = np.ones((len(seen.mask), 1), dtype=np.bool_)
        applies = reduce(np.logical_and, (bound.holds(seen) for bound in self.bounds), start)
        return np.asarray(seen.legal(self.kind) & applies), seen.soon


_DIGITAL: Final = Bound("digital_affinity_estimate", low=0.5)
_EASY: Final = Bound("complexity_estimate", high=-0.5)
_NEW: Final = Bound("contacts_in_journey", high=0)
_SURE: Final = Bound("intent_confidence", low=0.85)
_NOT_TOP: Final = Bound("value_tier", high=1)
_CALM: Final = Bound("sentiment_estimate", low=-0.3)
# Lines in order; whoever no line takes goes to the longest idle employee, then to the queue.
TABLE: Final = (
    Line("content", (Bound("intent=account", low=1), _DIGITAL, _EASY, _NEW, _SURE)),
    Line("chat_bot", (Bound("intent=account", low=1), _DIGITAL, _EASY, _NEW, _CALM, _NOT_TOP)),
    Line("chat_bot", (Bound("intent=billing", low=1), _DIGITAL, _EASY, _NEW, _CALM, _NOT_TOP)),
    Line("voice_bot", (Bound("intent=account", low=1), _DIGITAL, _EASY, _NEW, _CALM, _NOT_TOP)),
    Line("callback", (Bound("waiting_per_employee", low=1.0), _NOT_TOP)),
)


def static_rules(seen: Seen, table: tuple[Line, ...] = TABLE) -> Sequence[Stage]:
    """The first line of the table that applies, else the longest idle employee."""
    return [*(line.stage(seen) for line in table), *longest_idle(seen)]
