"""The answer to "what would that policy have earned, how sure are we, may we promote it?"."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from nba.evaluate.check import LogCheck
from nba.evaluate.gate import GateResult
from nba.types import Estimate, Floats

_FEW = 5.0  # times more often than the log: where the target should be explored


@dataclass(frozen=True, slots=True)
class Share:
    """How often one action (or kind of action) is taken by the log and by the target."""

    action: str
    log: float
    target: float


@dataclass(frozen=True, slots=True)
class SegmentAnswer:
    """What holds inside one segment."""

    rows: int
    value: Estimate
    difference: Estimate


@dataclass(frozen=True, slots=True)
class Tail:
    """How the weights are spread: rows and weight per size of weight."""

    bounds: tuple[float, ...]  # (b + 1,) of the weight, from 0 to infinity
    rows: tuple[int, ...]  # (b,)
    weight: tuple[float, ...]  # (b,) Σ w
    largest: tuple[float, ...]  # the ten largest weights, largest first


@dataclass(frozen=True, slots=True)
class Calibration:
    """One tenth of the rows by predicted reward: what was told and what came."""

    predicted: float
    observed: float
    rows: int


@dataclass(frozen=True, slots=True)
class Answer:
    """All that a log says about a target; `nba.evaluate.answer_words` tells it to people."""

    source: str
    policy: str
    against: str  # the baseline's name, or "logging"
    check: LogCheck
    logging: Estimate  # the mean reward that the log earned
    estimates: tuple[tuple[str, Estimate], ...]  # (policy, estimate)
    difference: Estimate  # policy minus baseline, paired
    result: GateResult
    segments: Mapping[str, SegmentAnswer] = field(default_factory=dict)
    tail: Tail | None = None
    overlap: tuple[Share, ...] = ()
    calibration: tuple[Calibration, ...] = ()
    notes: tuple[str, ...] = ()
    unit: str = "EUR"  # of the reward
    per: str = "decision"  # or episode: what the figures are of

    @property
    def promote(self) -> bool:
        """Whether the verdict is PROMOTE."""
        return self.result.verdict == "PROMOTE"

    def __str__(self) -> str:
        from nba.evaluate.answer_words import answer_text

        return answer_text(self)

    def _repr_markdown_(self) -> str:  # what a notebook shows
        return f"```\n{self}\n```"


def next_steps(answer: Answer) -> tuple[str, ...]:
    """What to do after this answer, the most useful first."""
    if answer.promote:
        return ("promote it to a part of the traffic first, and keep logging its propensities",)
    if answer.result.verdict == "HOLD":
        return ("keep the policy that is running; another target needs no new log",)
    rare = [s for s in answer.overlap if s.target > _FEW * s.log and s.target > 0.01]
    explore = (
        f"explore action {share.action}: the target takes it in {share.target:.1%} of the "
        f"decisions, the log in {share.log:.2%}"
        for share in sorted(rare, key=lambda s: s.target - s.log, reverse=True)[:3]
    )
    trial = (
        "give the target itself a small, logged share of the traffic: its own rows have weights "
        "near 1 and count in full"
    )
    return (*explore, trial)


@dataclass(slots=True)
class TailSums:
    """A tail in the making; `update` takes chunks of weights."""

    bounds: Floats = field(
        default_factory=lambda: np.r_[0.0, 1e-12, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, np.inf]
    )
    rows: Floats = field(default_factory=lambda: np.zeros(9))
    weight: Floats = field(default_factory=lambda: np.zeros(9))
    largest: Floats = field(default_factory=lambda: np.zeros(0))

    def update(self, weight: Floats) -> None:
        """Add weights from 0 up.

        >>> sums = TailSums()
        >>> sums.update(np.array([0.0, 0.5, 2.0]))
        >>> sums.result().largest
        (2.0, 0.5, 0.0)
        """
        place = np.clip(np.searchsorted(self.bounds, weight, side="right") - 1, 0, 8)
        self.rows += np.bincount(place, minlength=9)
        self.weight += np.bincount(place, weights=weight, minlength=9)
        self.largest = np.sort(np.r_[self.largest, weight])[::-1][:10]

    def merge(self, other: "TailSums") -> None:
        """Add the weights that another one has seen."""
        self.rows += other.rows
        self.weight += other.weight
        self.largest = np.sort(np.r_[self.largest, other.largest])[::-1][:10]

    def result(self) -> Tail:
        """The tail of all weights seen."""
        return Tail(
            tuple(self.bounds.tolist()),
            tuple(int(n) for n in self.rows),
            tuple(self.weight.tolist()),
            tuple(self.largest.tolist()),
        )
