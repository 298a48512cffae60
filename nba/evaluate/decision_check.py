"""Is this decision log usable? The same questions as `check_log` asks, a slice at a time."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from nba.evaluate.check import (
    LogCheck,
    find_faults,
    kind_support,
    log_notes,
    propensity_status,
    refuse_faults,
)
from nba.evaluate.faults import KEPT, REWARD_MISSING, Seen
from nba.evaluate.flat_check import FlatCheck
from nba.evaluate.flat_view import flat_view
from nba.evaluate.propensity_sums import PropensitySums
from nba.terminal import Advance
from nba.types import DecisionLog, Floats, Ints


@dataclass(slots=True)
class DecisionCheck:
    """What the slices seen so far hold; `update` takes them in the order of the log.

    Memory does not grow with the log, but for 8 bytes a row: which decisions were there before.
    """

    rows: int = 0
    used: int = 0
    first: dict[str, Ints] = field(default_factory=dict)  # reason → its first thousand rows
    counts: dict[str, int] = field(default_factory=dict)
    reward: tuple[float, float] = (np.inf, -np.inf)
    propensity: tuple[float, float] = (np.inf, -np.inf)
    loggers: Counter[str] = field(default_factory=Counter)
    eligible: Counter[str] = field(default_factory=Counter)  # kind → rows
    chosen: Counter[str] = field(default_factory=Counter)
    ordered: bool = True
    flat: FlatCheck = field(default_factory=lambda: FlatCheck(choices=None))
    choices: PropensitySums = field(default_factory=PropensitySums)
    _seen: Seen = field(default_factory=Seen)
    _last: float = -np.inf

    def update(self, log: DecisionLog, *, strict: bool = False) -> None:
        """Count a slice; `strict` raises LogError at its first fault."""
        ids = np.where(log.decision_id == "", "\0", log.decision_id)
        faults = find_faults(log, repeated=self._seen.repeated(ids))
        if strict:
            refuse_faults(log, faults, first_row=self.rows)
        faults[REWARD_MISSING] = np.flatnonzero(np.isnan(log.reward))
        usable = np.ones(len(log), dtype=np.bool_)
        for reason, rows in faults.items():
            if len(rows):
                usable[rows] = False
                kept = self.first.get(reason, np.zeros(0, dtype=np.int64))
                self.first[reason] = np.r_[kept, self.rows + rows[: KEPT - len(kept)]]
                self.counts[reason] = self.counts.get(reason, 0) + len(rows)
        self.used += int(usable.sum())
        self.reward = _wider(self.reward, log.reward[usable])
        self.propensity = _wider(self.propensity, log.propensity)
        self.loggers.update(log.policy_version.astype(str).tolist())
        for kind, (eligible, chosen) in kind_support(log, usable).items():
            self.eligible[kind] += eligible
            self.chosen[kind] += chosen
        self.ordered &= not (np.diff(np.r_[self._last, log.at]) < 0).any()
        self._last = float(log.at[-1])
        self.rows += len(log)
        if not any(len(rows) for reason, rows in faults.items() if reason != REWARD_MISSING):
            self.flat.update(flat_view(log))
            self.choices.add(log)

    def result(self) -> LogCheck:
        """The report on all slices."""
        loggers = dict(sorted(self.loggers.items()))
        support = {kind: (n, self.chosen[kind]) for kind, n in self.eligible.items()}
        found = LogCheck(
            rows=self.rows,
            used=self.used,
            dropped=dict(self.first),
            counts=dict(self.counts),
            propensity=propensity_status(self.counts, self.rows, self.propensity),
            reward_range=self.reward if self.used else (np.nan, np.nan),
            loggers=loggers,
            support=support,
            notes=log_notes(loggers, support, ordered=self.ordered),
        )
        if not found.usable:
            return found
        more = [note for note in self.flat.result().notes if "order of time" not in note]
        doubts = self.choices.doubts()
        return replace(
            found,
            notes=(*found.notes, *more, *doubts),
            choices=self.choices.choices(),
            doubts=doubts,
        )


def check_decisions(
    log: DecisionLog | Iterable[DecisionLog], advance: Advance | None = None
) -> LogCheck:
    """The check of a decision log, whole or in slices."""
    seen = DecisionCheck()
    for part in [log] if isinstance(log, DecisionLog) else log:
        seen.update(part)
        if advance is not None:
            advance(len(part))
    return seen.result()


def _wider(span: tuple[float, float], values: Floats) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if not len(known):
        return span
    return min(span[0], float(known.min())), max(span[1], float(known.max()))
