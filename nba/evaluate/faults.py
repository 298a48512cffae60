"""Faulty rows of a flat log by reason, counted over chunks; the first ones keep their numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from nba.errors import LogError
from nba.listen.flat_log import FlatLog
from nba.types import Bools, Ints

REWARD_MISSING: Final = "reward missing"
OPTED_OUT: Final = "opted out"
FLAT_REMEDIES: Final[Mapping[str, str]] = {
    "action missing": "every decision took an action; write it, or leave the row out",
    "propensity missing": "log the probability that the chosen action had, or leave the row out",
    "propensity outside (0, 1]": "a logged action had a probability above 0 and at most 1: is the "
    "column shifted, in per cent, or does the map name the wrong one?",
    "n_actions below 1": "at least the chosen action was eligible; write how many were",
    "reward infinite": "a reward is a finite number, or empty while it is not known",
    "reward before its decision": "a reward comes after its decision: are the two times swapped, "
    "or in other time zones?",
    "decision repeated": "keep one row per decision, or leave decision_id out of the map if rows "
    "of one id are decisions of their own",
}
KEPT: Final = 1000  # row numbers of each reason


@dataclass(slots=True)
class Seen:
    """Which decision ids were there before, by a 64-bit hash of each: 8 bytes a row."""

    _hashes: list[Ints] = field(default_factory=list)  # sorted runs

    def repeated(self, ids: np.ndarray[tuple[int], np.dtype[np.object_]]) -> Bools:
        """Every row but the first of its id, (n,), over all chunks; "" repeats nothing."""
        hashes = np.fromiter(map(hash, ids), dtype=np.int64, count=len(ids))
        _, first, codes = np.unique(hashes, return_index=True, return_inverse=True)
        again = first[codes] != np.arange(len(ids))
        for run in self._hashes:
            place = np.minimum(np.searchsorted(run, hashes), len(run) - 1)
            again |= run[place] == hashes
        run = np.unique(hashes)
        while self._hashes and len(self._hashes[-1]) <= len(run):
            run = np.union1d(self._hashes.pop(), run)
        self._hashes.append(run)
        return np.asarray(again & (ids != ""))


@dataclass(slots=True)
class Faults:
    """How many rows each reason takes out, and the numbers of the first thousand."""

    count: dict[str, int] = field(default_factory=dict)
    first: dict[str, Ints] = field(default_factory=dict)
    _seen: Seen = field(default_factory=Seen)

    def update(self, log: FlatLog) -> Bools:
        """Count a chunk's faults; which of its rows can be used, (n,)."""
        usable = np.ones(len(log), dtype=np.bool_)
        for reason, bad in self._find(log).items():
            if bad.any():
                rows = log.first_row + np.flatnonzero(bad)
                kept = self.first.get(reason, np.zeros(0, dtype=np.int64))
                self.first[reason] = np.concatenate([kept, rows[: KEPT - len(kept)]])
                self.count[reason] = self.count.get(reason, 0) + len(rows)
                usable &= ~bad
        return usable

    def refuse(self, log: FlatLog, before: Mapping[str, int]) -> None:
        """Raise LogError for the first fault that a chunk added to the counts of `before`."""
        for reason, remedy in FLAT_REMEDIES.items():
            added = self.count.get(reason, 0) - before.get(reason, 0)
            if added:
                rows = self.first[reason]
                row = int(rows[rows >= log.first_row][0])
                more = f" (and {added - 1:,} more rows)" if added > 1 else ""
                raise LogError(f"row {row}{more}: {reason}{_value(log, reason, row)}; {remedy}")

    def _find(self, log: FlatLog) -> dict[str, Bools]:
        opted = np.zeros(len(log), dtype=np.bool_) if log.opted_out is None else log.opted_out
        found: dict[str, Bools] = {"action missing": np.asarray(log.action == "")}
        if log.propensity is not None:
            found["propensity missing"] = np.isnan(log.propensity)
            found["propensity outside (0, 1]"] = (log.propensity <= 0) | (log.propensity > 1 + 1e-9)
        if log.n_actions is not None:
            found["n_actions below 1"] = log.n_actions < 1
        found["reward infinite"] = np.isinf(log.reward)
        if log.at is not None and log.rewarded_at is not None:
            found["reward before its decision"] = log.rewarded_at < log.at
        if log.decision_id is not None:
            found["decision repeated"] = self._seen.repeated(log.decision_id)
        found = {reason: bad & ~opted for reason, bad in found.items()}
        return found | {OPTED_OUT: opted, REWARD_MISSING: np.isnan(log.reward) & ~opted}


def _value(log: FlatLog, reason: str, row: int) -> str:
    i = row - log.first_row
    if reason == "propensity outside (0, 1]" and log.propensity is not None:
        return f", it is {log.propensity[i]:.4g}"
    if reason == "n_actions below 1" and log.n_actions is not None:
        return f", it is {log.n_actions[i]}"
    if reason == "reward infinite":
        return f", it is {log.reward[i]}"
    if reason == "decision repeated" and log.decision_id is not None:
        return f", its id is {log.decision_id[i]!r}"
    return ""
