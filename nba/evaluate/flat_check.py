"""Is this flat log usable? The same questions as of a decision log, asked a chunk at a time."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from nba.evaluate.check import LogCheck
from nba.evaluate.drift import Drift
from nba.evaluate.faults import REWARD_MISSING, Faults
from nba.evaluate.propensity_sums import PropensitySums
from nba.listen.flat_log import FlatLog
from nba.terminal import Advance
from nba.types import Bools, Floats

_CLEAR_Z: Final = 4.0
_MOST_NAMES: Final = 10_000  # of actions, loggers or customers that are counted by name
_SHOWN: Final = 200


@dataclass(slots=True)
class FlatCheck:
    """What the chunks seen so far hold; `update` takes them in the order of the log."""

    rows: int = 0
    used: int = 0
    faults: Faults = field(default_factory=Faults)
    reward: tuple[float, float] = (np.inf, -np.inf)
    propensity: tuple[float, float] = (np.inf, -np.inf)
    loggers: Counter[str] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)
    drift: dict[str, Drift] = field(default_factory=dict)
    unordered: int = 0
    uniform: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])  # n, Σ w, Σ w²
    delays: list[float] = field(default_factory=list)  # s, of a thinned sample
    missing_by_time: Drift = field(default_factory=Drift)
    has: set[str] = field(default_factory=set)
    choices: PropensitySums | None = field(default_factory=PropensitySums)
    _last: float = -np.inf

    def update(self, log: FlatLog, *, strict: bool = False) -> Bools:
        """Count a chunk; which of its rows can be used. `strict` raises LogError at a fault."""
        before = dict(self.faults.count)
        usable = self.faults.update(log)
        if strict:
            self.faults.refuse(log, before)
        self.rows += len(log)
        self.used += int(usable.sum())
        self.reward = _wider(self.reward, log.reward[usable])
        _count(self.actions, log.action[usable])
        if log.policy_version is not None:
            _count(self.loggers, log.policy_version[usable])
        if self.choices is not None:
            self.choices.add_flat(log)
        if log.propensity is not None:
            self._propensities(log, log.propensity, usable)
        self.drift.setdefault("reward", Drift()).update(log.reward[usable])
        self._times(log)
        return usable

    def result(self) -> LogCheck:
        """The report on all chunks."""
        low, high = self.reward if self.used else (np.nan, np.nan)
        doubts = () if self.choices is None else self.choices.doubts()
        return LogCheck(
            rows=self.rows,
            used=self.used,
            dropped=dict(self.faults.first),
            counts=dict(self.faults.count),
            propensity=self._propensity_status(),
            reward_range=(low, high),
            loggers=dict(self.loggers.most_common(_SHOWN)) or {"not told": self.used},
            support={name: (self.used, n) for name, n in self.actions.most_common(_SHOWN)},
            notes=(*self._notes(), *doubts),
            choices=() if self.choices is None else self.choices.choices(),
            doubts=doubts,
        )

    def _propensities(self, log: FlatLog, propensity: Floats, usable: Bools) -> None:
        self.has.add("propensity")
        some = propensity[usable]
        self.propensity = _wider(self.propensity, some)
        self.drift.setdefault("propensity", Drift()).update(some)
        if log.n_actions is not None:
            weight = 1.0 / (some * log.n_actions[usable])
            told = (float(len(weight)), float(weight.sum()), float(np.square(weight).sum()))
            self.uniform = [a + b for a, b in zip(self.uniform, told, strict=True)]

    def _times(self, log: FlatLog) -> None:
        if log.at is None:
            return
        self.has.add("time")
        at = log.at[np.isfinite(log.at)]
        self.unordered += int((np.diff(np.r_[self._last, at]) < 0).sum())
        self._last = float(at[-1]) if len(at) else self._last
        self.missing_by_time.update(np.isnan(log.reward).astype(np.float64))
        if log.rewarded_at is not None:
            delay = (log.rewarded_at - log.at)[:: max(1, len(log) // 1000)]
            self.delays += delay[np.isfinite(delay)].tolist()

    def _propensity_status(self) -> str:
        if "propensity" not in self.has or self.faults.count.get("propensity missing") == self.rows:
            return "missing"
        if any(reason.startswith("propensity") for reason in self.faults.count):
            return "faulty"
        return "constant" if self.propensity[1] - self.propensity[0] < 1e-12 else "present"

    def uniform_z(self) -> tuple[float, float]:
        """Mean weight of choosing evenly among n_actions, and how many standard errors from 1."""
        n, total, squares = self.uniform
        if n < 2:
            return 1.0, 0.0
        mean = total / n
        error = float(np.sqrt(max(squares / n - mean**2, 0.0) / n))
        if error < 1e-9:
            return mean, 0.0 if abs(mean - 1.0) < 1e-6 else float(np.copysign(np.inf, mean - 1.0))
        return mean, float((mean - 1.0) / error)

    def _notes(self) -> Iterable[str]:
        if "propensity" not in self.has:
            yield (
                "no propensity: who chose by which probability is not known, so nothing can be "
                "weighted; log it, or give --estimate-propensities with what the choice rested on"
            )
        if "(others)" in self.actions:
            yield f"more than {_MOST_NAMES:,} different actions: is the action a column of ids?"
        mean, z = self.uniform_z()
        if z > _CLEAR_Z:
            yield (
                f"propensities are too small: 1 / (propensity · n_actions) has mean {mean:.3f}, "
                f"{z:+.1f} standard errors from 1 (at most 1 is possible): they are of something "
                "else, such as the whole list or another scale"
            )
        elif z < -_CLEAR_Z:
            yield (
                f"1 / (propensity · n_actions) has mean {mean:.3f}, {z:+.1f} standard errors from "
                "1: propensities are too large, or some eligible actions are never tried"
            )
        if len(self.loggers) > 1:
            yield (
                f"{len(self.loggers)} policies wrote this log; each row is weighted by the "
                "propensity of its own"
            )
        if self.unordered:
            yield f"rows are not in the order of time ({self.unordered:,} steps back)"
        for name, drift in self.drift.items():
            if abs(drift.z()) > _CLEAR_Z:
                first, last = drift.thirds()
                yield (
                    f"the {name} drifts: its mean is {first:.4g} in the first third of the rows "
                    f"and {last:.4g} in the last ({drift.z():+.1f} standard errors)"
                )
        yield from self._late()

    def _late(self) -> Iterable[str]:
        missing = self.faults.count.get(REWARD_MISSING, 0)
        if missing and self.missing_by_time.z() > _CLEAR_Z:
            first, last = self.missing_by_time.thirds()
            yield (
                f"rewards come late: {first:.1%} are missing in the first third of the rows and "
                f"{last:.1%} in the last; wait until their windows close, or cut the end off"
            )
        if self.delays:
            median, slow = np.quantile(self.delays, [0.5, 0.99])
            yield f"rewards come after {_span(median)} (median), 1 % after more than {_span(slow)}"


def check_flat(log: Iterable[FlatLog], *, advance: Advance | None = None) -> LogCheck:
    """A report of a flat log's rows by reason, its rewards, propensities, loggers and actions.

    >>> log = FlatLog(np.array(["a", "a"], dtype=object), np.array([0.5, 1.5]), np.ones(2))
    >>> check_flat([log]).dropped
    {'propensity outside (0, 1]': array([1])}
    """
    seen = FlatCheck()
    for chunk in log:
        seen.update(chunk)
        if advance is not None:
            advance(len(chunk))
    return seen.result()


def _wider(span: tuple[float, float], values: Floats) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if not len(known):
        return span
    return min(span[0], float(known.min())), max(span[1], float(known.max()))


def _count(counter: Counter[str], names: Iterable[str]) -> None:
    """Count by name, but not ever more names: what is new beyond ten thousand is one."""
    found: Mapping[str, int] = Counter(names)
    for name, n in found.items():
        known = name in counter or len(counter) < _MOST_NAMES
        counter[name if known else "(others)"] += n


def _span(seconds: float) -> str:
    for unit, size in (("days", 86_400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
