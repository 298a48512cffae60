"""One question to a flat log, in one pass: weights and rewards are all that it needs."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from nba.errors import InputError, LogError
from nba.evaluate.answer import Answer, SegmentAnswer, Share, TailSums
from nba.evaluate.buckets import row_buckets, unit_buckets
from nba.evaluate.comparison import REWARD, Comparison
from nba.evaluate.estimand import Estimand
from nba.evaluate.flat_check import FlatCheck
from nba.evaluate.gate import Thresholds, gate
from nba.evaluate.rows import WeightedRows
from nba.evaluate.segments import Segment, encode_segment
from nba.evaluate.weighting import snips
from nba.listen.flat_log import FlatLog
from nba.terminal import Advance
from nba.types import Bools, Floats

MEAN_REWARD: Final = Estimand("mean", {"r": 1.0})
MOST_SEGMENTS: Final = 200  # values of one segment column: each has sums of its own
MOST_ACTIONS: Final = 100_000
_EPISODES: Final = (
    "rows are steps of episodes: each is judged by itself here, and intervals keep episodes "
    "together; what an action does to later steps is told by --sequential (nba.ope.run_episodes)"
)
_KEPT: Final = 60  # actions whose shares are told


def refuse_many(columns: Sequence[str]) -> None:
    """Raise InputError for a segment column that is named once for each of too many values.

    >>> refuse_many(["tier", "tier"])
    """
    for name, values in Counter(columns).items():
        if values > MOST_SEGMENTS:
            raise InputError(
                f"segment column {name!r} has more than {MOST_SEGMENTS} values; group them, or "
                "leave it out"
            )


@dataclass(frozen=True, slots=True)
class FlatTarget:
    """A policy as the probability it gives to each logged action of a chunk."""

    name: str
    probabilities: Callable[[FlatLog], Floats]  # → (n,)


def column_target(column: str) -> FlatTarget:
    """The target whose probabilities of the logged actions stand in the log.

    >>> column_target("p_new").name
    'p_new'
    """

    def read(log: FlatLog) -> Floats:
        if column not in log.targets:
            known = ", ".join(log.targets) or "none"
            raise InputError(f"the log has no target column {column!r}; it has {known}")
        return log.targets[column]

    return FlatTarget(column, read)


def uniform_target() -> FlatTarget:
    """The target that chooses evenly among the eligible actions; needs n_actions.

    >>> log = FlatLog(np.array(["a"], dtype=object), None, np.ones(1), n_actions=np.array([4]))
    >>> uniform_target().probabilities(log)
    array([0.25])
    """

    def even(log: FlatLog) -> Floats:
        if log.n_actions is None:
            raise InputError(
                "the uniform target needs to know how many actions were eligible; give the map "
                '"n_actions": a column, or the number itself'
            )
        return 1.0 / np.maximum(log.n_actions, 1)

    return FlatTarget("uniform", even)


def action_target(action: str) -> FlatTarget:
    """The target that always takes one action.

    >>> log = FlatLog(np.array(["a", "b"], dtype=object), None, np.ones(2))
    >>> action_target("b").probabilities(log)
    array([0., 1.])
    """

    def always(log: FlatLog) -> Floats:
        return np.asarray(log.action == action, dtype=np.float64)

    return FlatTarget(f"always {action}", always)


@dataclass(slots=True)
class FlatEvaluation:
    """The sums of a target and a baseline on the chunks seen so far."""

    target: FlatTarget
    baseline: FlatTarget | None = None
    segments: Sequence[str] = ()
    check: FlatCheck = field(default_factory=FlatCheck)
    sums: Comparison = field(default_factory=Comparison)
    tail: TailSums = field(default_factory=TailSums)
    episodic: bool = False
    logged: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)  # Σ w by action
    told: Counter[str] = field(default_factory=Counter)  # Σ target probability by action

    def update(self, log: FlatLog) -> None:
        """Add a chunk; LogError or InputError name a row that no estimate may use."""
        usable = self.check.update(log, strict=True)
        if log.propensity is None:
            raise LogError(
                "the log has no propensity column, so no row can be weighted; name it in --map, or "
                "give --estimate-propensities with the columns that the choice rested on"
            )
        segments = [encode_segment(name, log.segments[name]) for name in self.segments]
        refuse_many([s.name for s in segments for _ in s.values])
        refuse_many([name.partition("=")[0] for name in self.sums.segments])
        rows = self._add(self.target, log, log.propensity, usable, segments)
        if self.baseline is not None:
            self._add(self.baseline, log, log.propensity, usable, segments)
        self.tail.update(rows.weight[usable])
        self.episodic |= log.episode is not None
        actions, codes = np.unique(log.action[usable].astype(str), return_inverse=True)
        weight = rows.weight[usable]
        told = weight * log.propensity[usable]
        for counter, each in ((self.logged, None), (self.taken, weight), (self.told, told)):
            totals = np.bincount(codes, weights=each, minlength=len(actions))
            for action, total in zip(actions.tolist(), totals.tolist(), strict=True):
                counter[action] += total
        if len(self.logged) > MOST_ACTIONS:
            raise InputError(
                f"there are more than {MOST_ACTIONS:,} different actions: does the map name a "
                "column of ids as the action?"
            )

    def _add(
        self,
        policy: FlatTarget,
        log: FlatLog,
        propensity: Floats,
        usable: Bools,
        segments: Sequence[Segment],
    ) -> WeightedRows:
        probability = policy.probabilities(log)
        wrong = usable & ~((probability >= 0) & (probability <= 1 + 1e-9))
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise InputError(
                f"row {log.first_row + row}: {policy.name!r} gives the logged action a probability "
                f"of {probability[row]:.4g}; one from 0 to 1 is needed in every row"
            )
        n = len(log)
        together = log.episode if log.unit is None else log.unit  # rows that share their luck
        bucket = row_buckets(n, log.first_row) if together is None else unit_buckets(together)
        weight = np.where(usable, probability, 0.0) / np.where(usable, propensity, 1.0)
        rows = WeightedRows(bucket, weight, np.where(usable, log.reward, np.nan))
        self.sums.update_rows(policy.name, rows, segments, component=REWARD)
        return rows

    def answer(
        self,
        source: str,
        *,
        level: float = 0.95,
        thresholds: Thresholds | None = None,
        protect: Sequence[str] = (),
        unit: str = "EUR",
    ) -> Answer:
        """What the chunks say; LogError if none of their rows has a reward."""
        name = self.target.name
        other = None if self.baseline is None else self.baseline.name
        mine = self.sums.statistics(name)
        found = self.sums.difference(name, other, snips, level=level)
        inside = {
            segment: SegmentAnswer(
                int(self.sums.statistics(name, segment=segment).total("n")),
                self.sums.estimate(name, snips, segment=segment, level=level),
                self.sums.difference(name, other, snips, segment=segment, level=level),
            )
            for segment in self.sums.segments
            if self.sums.statistics(name, segment=segment).total("n")
        }
        guarded = {s: a.difference for s, a in inside.items() if s.partition("=")[0] in protect}
        both = [name] if other is None else [name, other]
        check = self.check.result()
        return Answer(
            source=source,
            policy=name,
            against=other or "logging",
            check=check,
            logging=mine.finalize(MEAN_REWARD, level=level),
            estimates=tuple((p, e) for p in both for e in self.sums.estimates(p, level=level)),
            difference=found,
            result=gate(
                found,
                segments=guarded,
                thresholds=thresholds or Thresholds(),
                unit=unit,
                doubts=check.doubts,
            ),
            segments=inside,
            tail=self.tail.result(),
            overlap=self._overlap(),
            notes=(*check.notes, *([_EPISODES] if self.episodic else [])),
            unit=unit,
        )

    def _overlap(self) -> tuple[Share, ...]:
        """How often the log takes each action, and the target: the lesser of two estimates.

        The weights' share is right and noisy; the mean probability where it was logged is steady
        and too high for what the log does where it is probable.
        """
        n, w = sum(self.logged.values()), sum(self.taken.values()) or 1.0
        shares = [
            Share(name, count / n, min(self.taken[name] / w, self.told[name] / count))
            for name, count in self.logged.items()
        ]
        return tuple(sorted(shares, key=lambda s: max(s.log, s.target), reverse=True)[:_KEPT])


def evaluate_flat(
    log: Iterable[FlatLog],
    target: FlatTarget,
    *,
    baseline: FlatTarget | None = None,
    segments: Sequence[str] = (),
    protect: Sequence[str] = (),
    level: float = 0.95,
    thresholds: Thresholds | None = None,
    source: str = "the log",
    unit: str = "EUR",
    advance: Advance | None = None,
) -> Answer:
    """The answer of a flat log about a target, read once, a chunk at a time.

    The difference is self-normalised (SNIPS) and paired by row. `protect` names segments in which
    the target may not be clearly worse; they must be among the chunks' segments.

    >>> action = np.array(["a", "b"] * 500, dtype=object)
    >>> log = FlatLog(action, np.full(1000, 0.5), np.arange(1000) % 2 + np.arange(1000) % 7)
    >>> evaluate_flat([log], action_target("b")).result.verdict
    'PROMOTE'
    """
    wanted = tuple(dict.fromkeys([*segments, *protect]))
    found = FlatEvaluation(target, baseline, wanted)
    for chunk in log:
        found.update(chunk)
        if advance is not None:
            advance(len(chunk))
    return found.answer(source, level=level, thresholds=thresholds, protect=protect, unit=unit)
