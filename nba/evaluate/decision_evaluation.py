"""One question to a decision log with features, whole or in parts: every estimator, and evidence.

Three passes over the parts: what the log holds, with the scales of its features; sums of squares
for a cross-fitted reward model; the target's sums. All but the first add up in any order.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol, TypeVar

import numpy as np

from nba.errors import InputError
from nba.evaluate.action_sums import ActionSums
from nba.evaluate.answer import Answer, SegmentAnswer, TailSums
from nba.evaluate.calibration import CalibrationSums
from nba.evaluate.check import LogCheck
from nba.evaluate.comparison import REWARD, Comparison
from nba.evaluate.decision_check import DecisionCheck
from nba.evaluate.doubly_robust import dr
from nba.evaluate.estimand import Estimand
from nba.evaluate.flat_evaluation import refuse_many
from nba.evaluate.gate import Thresholds, gate
from nba.evaluate.rows import log_rows
from nba.evaluate.segments import encode_segment
from nba.evaluate.streamed_rewards import BasisSums, StreamedRewards
from nba.listen.blocks import chosen_flat
from nba.terminal import Advance
from nba.types import DecisionLog, Estimate, Floats

MEAN_REWARD: Final = Estimand("mean", {"r": 1.0})
PASSES: Final = 3  # over the rows: `evaluate_parts` advances by so many times their number
Part = Iterable[DecisionLog]  # slices of a log that are read, and read again, by themselves
Sums = TypeVar("Sums")


@dataclass(frozen=True, slots=True)
class LogTarget:
    """A policy as its probability of every logged action of a whole log."""

    name: str
    probabilities: Floats  # (m,)


@dataclass(frozen=True, slots=True)
class BatchTarget:
    """A policy as what it gives to the actions of any slice of a log."""

    name: str
    probabilities: Callable[[DecisionLog], Floats]  # → (m,)


class RunParts(Protocol):
    """Runs a function on every part, here or on other machines; results in the parts' order."""

    def __call__(
        self, work: "Callable[[Part], Sums]", parts: Sequence[Part]
    ) -> "Iterator[Sums]": ...


def one_by_one(work: Callable[[Part], Sums], parts: Sequence[Part]) -> Iterator[Sums]:
    """What a function makes of each part, in this process.

    >>> list(one_by_one(lambda part: len(list(part)), [[], []]))
    [0, 0]
    """
    return map(work, parts)


@dataclass(slots=True)
class DecisionSums:
    """The sums of a target, and of a baseline, on the slices seen so far."""

    calibration: CalibrationSums
    sums: Comparison = field(default_factory=Comparison)
    tail: TailSums = field(default_factory=TailSums)
    actions: ActionSums = field(default_factory=ActionSums)

    def update(
        self,
        log: DecisionLog,
        target: BatchTarget,
        baseline: BatchTarget | None,
        segments: Sequence[str],
        predictions: Floats,
    ) -> None:
        """Add a slice whose rows are sound; InputError for what is no target of it."""
        columns = [encode_segment(name, log.segments[name]) for name in segments]
        for policy in (target, baseline):
            if policy is not None:
                given = policy.probabilities(log)
                rows = log_rows(log, given, predictions)
                self.sums.update_rows(policy.name, rows, columns, component=REWARD)
                if policy is target:
                    self.tail.update(rows.weight[~np.isnan(log.reward)])
                    self.actions.merge(ActionSums.of(log, given))
        refuse_many([name.partition("=")[0] for name in self.sums.segments])
        self.calibration.update(predictions[chosen_flat(log)], log.reward)

    def merge(self, other: "DecisionSums") -> None:
        """Add the sums of other slices."""
        self.sums.merge(other.sums)
        refuse_many([name.partition("=")[0] for name in self.sums.segments])
        self.tail.merge(other.tail)
        self.actions.merge(other.actions)
        self.calibration.merge(other.calibration)


def evaluate_decisions(
    log: DecisionLog,
    target: LogTarget,
    *,
    baseline: LogTarget | None = None,
    segments: Sequence[str] = (),
    protect: Sequence[str] = (),
    level: float = 0.95,
    thresholds: Thresholds | None = None,
    source: str = "the log",
    unit: str = "EUR",
) -> Answer:
    """The answer of a whole log about a target; the difference is doubly robust and paired.

    Raises LogError or InputError naming a row that no estimate may use.
    """
    other = None if baseline is None else of_whole(baseline)
    return evaluate_parts(
        [[log]], of_whole(target), baseline=other, segments=segments, protect=protect,
        level=level, thresholds=thresholds, source=source, unit=unit,
    )  # fmt: skip


def evaluate_parts(
    parts: Sequence[Part],
    target: BatchTarget,
    *,
    baseline: BatchTarget | None = None,
    segments: Sequence[str] = (),
    protect: Sequence[str] = (),
    level: float = 0.95,
    thresholds: Thresholds | None = None,
    source: str = "the log",
    unit: str = "EUR",
    advance: Advance | None = None,
    run: RunParts = one_by_one,
) -> Answer:
    """The same of a log in parts, in the memory of one slice; what is wrong is told with its row.

    `run` may send the parts to other machines; the first pass, which needs their order, is here.
    """
    if baseline is not None and baseline.name == target.name:
        raise InputError(f"target and baseline are both {target.name!r}; compare two policies")
    wanted = tuple(dict.fromkeys([*segments, *protect]))
    step = advance or _unseen
    check, model, mean = _first_pass(parts, wanted, step)
    for fitted, rows in run(partial(_fit_part, model), parts):
        model.merge(fitted)
        step(rows)
    model.models()  # fitted once, here
    found = DecisionSums(CalibrationSums(mean))
    work = partial(_sum_part, model, target, baseline, wanted, mean)
    for sums in run(work, parts):
        found.merge(sums)
        step(sums.actions.rows)
    return _answer(
        found, check.result(), target.name, None if baseline is None else baseline.name, protect,
        level=level, thresholds=thresholds or Thresholds(), source=source, unit=unit,
    )  # fmt: skip


def _first_pass(
    parts: Sequence[Part], segments: Sequence[str], step: Advance
) -> tuple[DecisionCheck, StreamedRewards, float]:
    check, basis, total = DecisionCheck(), BasisSums(), 0.0
    for part in parts:
        for log in part:
            absent = [name for name in segments if name not in log.segments]
            if absent:
                known = ", ".join(sorted(log.segments)) or "none"
                raise InputError(f"the log has no segment column {absent[0]!r}; it has {known}")
            check.update(log, strict=True)
            basis.add(log)
            total += float(np.nansum(log.reward))
            step(len(log))
    return check, StreamedRewards(basis.basis()), total / max(1, check.used)


def _fit_part(model: StreamedRewards, part: Part) -> tuple[StreamedRewards, int]:
    fitted, rows = StreamedRewards(model.basis), 0
    for log in part:
        fitted.add(log)
        rows += len(log)
    return fitted, rows


def _sum_part(
    model: StreamedRewards,
    target: BatchTarget,
    baseline: BatchTarget | None,
    segments: Sequence[str],
    mean: float,
    part: Part,
) -> DecisionSums:
    sums = DecisionSums(CalibrationSums(mean))
    for log in part:
        sums.update(log, target, baseline, segments, model.predict(log))
    return sums


def _answer(
    found: DecisionSums,
    check: LogCheck,
    target: str,
    other: str | None,
    protect: Sequence[str],
    *,
    level: float,
    thresholds: Thresholds,
    source: str,
    unit: str,
) -> Answer:
    sums = found.sums
    difference = sums.difference(target, other, dr, level=level)
    inside = {
        name: SegmentAnswer(
            int(sums.statistics(target, segment=name).total("n")),
            sums.estimate(target, dr, segment=name, level=level),
            sums.difference(target, other, dr, segment=name, level=level),
        )
        for name in sums.segments
        if sums.statistics(target, segment=name).total("n")
    }
    return Answer(
        source=source,
        policy=target,
        against=other or "logging",
        check=check,
        logging=sums.statistics(target).finalize(MEAN_REWARD, level=level),
        estimates=tuple((p, e) for p in sums.policies for e in sums.estimates(p, level=level)),
        difference=difference,
        result=gate(
            difference,
            unsupported=found.actions.unsupported(),
            segments=_guarded(inside, protect),
            thresholds=thresholds,
            unit=unit,
            doubts=check.doubts,
        ),
        segments=inside,
        tail=found.tail.result(),
        overlap=found.actions.overlap(),
        calibration=found.calibration.result(),
        notes=check.notes,
        unit=unit,
    )


def of_whole(target: LogTarget) -> BatchTarget:
    """A target of a whole log that comes in one part."""
    return BatchTarget(target.name, lambda _: target.probabilities)


def _guarded(inside: Mapping[str, SegmentAnswer], protect: Sequence[str]) -> dict[str, Estimate]:
    return {s: a.difference for s, a in inside.items() if s.partition("=")[0] in protect}


def _unseen(n: int = 1) -> None:
    """Progress that nobody watches."""
