"""A policy that is slow is left out for a while: the safe rule answers, and the record says why.

One decision is computed in one piece and cannot be broken off, so the time it took counts for the
next ones. Sources: Nygard 2007 (circuit breaker).
"""

import time
from dataclasses import dataclass, field
from typing import Final

IN_A_ROW: Final = 3  # slow decisions of a version before it is left out
REST_S: Final = 5.0  # how long; then it is tried again, and one slow decision is enough


@dataclass(slots=True)
class SlowWatch:
    """Which policy versions may decide now."""

    limit_s: float
    _slow: dict[str, int] = field(default_factory=dict)  # version → slow decisions in a row
    _until: dict[str, float] = field(default_factory=dict)  # version → when it may again

    def rests(self, version: str) -> bool:
        """Is this version left out now?"""
        return bool(self._until) and time.perf_counter() < self._until.get(version, 0.0)

    def took(self, version: str, seconds: float) -> None:
        """Note how long a decision of this version took."""
        if seconds <= self.limit_s:
            if self._slow:
                self._slow.pop(version, None)
                self._until.pop(version, None)
            return
        self._slow[version] = self._slow.get(version, 0) + 1
        if self._slow[version] >= IN_A_ROW:
            self._until[version] = time.perf_counter() + REST_S
