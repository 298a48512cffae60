"""Sums of episodes per bucket of units and step, from which every sequential estimate is finished.

They add up over shards as long as no episode is split. An episode that has ended carries its weight
on and earns nothing more (Thomas & Brunskill 2016).
"""

from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import numpy as np

from nba.errors import InputError, LogError
from nba.evaluate.buckets import N_BUCKETS, unit_buckets
from nba.evaluate.diagnostics import effective_sample_size, max_weight_share, mean_weight_z
from nba.evaluate.episodes import Episodes
from nba.evaluate.intervals import (
    Extreme,
    Interval,
    cressie_read_interval,
    delta_error,
    delta_interval,
    tail_size,
)
from nba.evaluate.stats import SMALL_ESS, least_tail
from nba.types import Estimate, Floats, Ints, Texts

W, WR, WQ, PV = range(4)  # of the sums: w, w r, w q, and the weight before the step times v
WEIGHTED: Final = frozenset({"wpdis", "wdr"})
MODELLED: Final = frozenset({"seq-dr", "wdr", "fqe"})
MOST_STEPS: Final = 1000


@dataclass(frozen=True, slots=True)
class EpisodeRows:
    """What the estimators need of a log; `predicted` and `value` are zero without a model."""

    episodes: Episodes
    weight: Floats  # (n,) target probability / propensity of the step's action
    reward: Floats  # (n,)
    unit: Texts  # (n,) the first row's unit is the episode's
    predicted: Floats  # (n,) predicted return of the logged action
    value: Floats  # (n,) predicted return of the target's choice

    def __post_init__(self) -> None:
        wrong = np.flatnonzero(~(np.isfinite(self.weight) & (self.weight >= 0)))
        if len(wrong):
            raise InputError(
                f"weight[{wrong[0]}] is {self.weight[wrong[0]]}; weights are finite and never "
                "negative: check the row's propensity"
            )
        if self.episodes.horizon > MOST_STEPS:
            raise InputError(
                f"an episode has {self.episodes.horizon} steps; at most {MOST_STEPS} are allowed, "
                "as no weight carries further: cut episodes where the customer comes back later"
            )


class _Linearised(NamedTuple):
    value: float
    influence: Floats  # (J,)


@dataclass(slots=True)
class SequentialStatistics:
    """The sums of one target over the episodes seen so far; `update` and `merge` add to them."""

    discount: float = 1.0  # per step
    sums: Floats = field(default_factory=lambda: np.zeros((N_BUCKETS, 0, 4)))  # (J, steps, 4)
    episodes: Floats = field(default_factory=lambda: np.zeros(N_BUCKETS))
    final_weight: Floats = field(default_factory=lambda: np.zeros(N_BUCKETS))
    weight_squares: float = 0.0
    largest_final: float = 0.0
    largest: float = 0.0  # weight on the way
    error_range: tuple[float, float] = (np.inf, -np.inf)  # of an episode, per unit of weight
    reward_range: tuple[float, float] = (np.inf, -np.inf)
    unrewarded: int = 0  # episodes left out because a reward is missing

    def update(self, rows: EpisodeRows) -> None:
        """Add whole episodes; those with a NaN reward are left out and counted."""
        starts, lengths, order = _rewarded(rows)
        self.unrewarded += len(rows.episodes) - len(starts)
        if not len(starts):
            return
        self._extend(int(lengths.max()))
        bucket = unit_buckets(rows.unit[order[starts]])
        weight, peak = np.ones(len(starts)), np.zeros(len(starts))
        error, reached = np.zeros(len(starts)), np.zeros(len(starts))
        for t in range(self.sums.shape[1]):
            here = np.flatnonzero(lengths > t)
            row, factor = order[starts[here] + t], self.discount**t
            before = weight[here]
            weight[here] = before * rows.weight[row]
            off = rows.reward[row] - rows.predicted[row]
            ahead = rows.value[row] if t else np.zeros(len(row))
            error[here] += factor * (weight[here] * off + before * ahead)
            reached[here] += factor * (off + ahead)
            peak[here] = np.maximum(peak[here], weight[here])
            self.sums[:, t, W] += np.bincount(bucket, weight, minlength=N_BUCKETS)
            for place, values in (
                (WR, weight[here] * rows.reward[row]),
                (WQ, weight[here] * rows.predicted[row]),
                (PV, before * rows.value[row]),
            ):
                self.sums[:, t, place] += np.bincount(bucket[here], values, minlength=N_BUCKETS)
        self.episodes += np.bincount(bucket, minlength=N_BUCKETS)
        self.final_weight += np.bincount(bucket, weight, minlength=N_BUCKETS)
        self.weight_squares += float(np.square(weight).sum())
        self.largest_final = max(self.largest_final, float(weight.max()))
        self.largest = max(self.largest, float(peak.max()))
        per_weight = np.divide(error, peak, out=reached, where=peak > 0)
        self.error_range = _wider(self.error_range, (per_weight.min(), per_weight.max()))
        rewards = rows.reward[order[np.repeat(starts, lengths) + _places(lengths)]]
        self.reward_range = _wider(self.reward_range, (rewards.min(), rewards.max()))

    def merge(self, other: "SequentialStatistics") -> None:
        """Add the sums of other episodes; both must have the same discount."""
        if other.discount != self.discount:
            raise InputError(
                f"sums of discount {other.discount} cannot join those of {self.discount}; use one"
            )
        theirs = replace(other, sums=other.sums.copy())
        self._extend(theirs.sums.shape[1])
        theirs._extend(self.sums.shape[1])  # noqa: SLF001  (the same class)
        self.sums += theirs.sums
        self.episodes += theirs.episodes
        self.final_weight += theirs.final_weight
        self.weight_squares += theirs.weight_squares
        self.largest_final = max(self.largest_final, theirs.largest_final)
        self.largest = max(self.largest, theirs.largest)
        self.error_range = _wider(self.error_range, theirs.error_range)
        self.reward_range = _wider(self.reward_range, theirs.reward_range)
        self.unrewarded += theirs.unrewarded

    def _extend(self, steps: int) -> None:
        """Room for longer episodes: an ended episode carries its weight, and earns nothing."""
        more = steps - self.sums.shape[1]
        if more > 0:
            added = np.zeros((N_BUCKETS, more, 4))
            added[:, :, W] = self.final_weight[:, None]
            self.sums = np.concatenate([self.sums, added], axis=1)

    def finalize(self, name: str, *, level: float = 0.95) -> Estimate:
        """The target's expected return in EUR per episode; `name` is one of `SEQUENTIAL`."""
        filled = self.episodes > 0
        if not filled.any():
            raise LogError(
                f"no episode of the log has all its rewards ({self.unrewarded} lack one); join its "
                "outcomes first (nba.listen.outcomes)"
            )
        sums, counts = self.sums[filled], self.episodes[filled]
        value, influence = _linearise(name, sums, counts, self.discount)
        weight = self.final_weight[filled]
        ess = effective_sample_size(float(weight.sum()), self.weight_squares)
        interval = delta_interval(value, influence, level=level)
        tail = tail_size(influence)
        weighted = name != "fqe"
        silent = weighted and self.reward_range[0] >= self.reward_range[1]
        small = weighted and (ess < SMALL_ESS or tail < least_tail(len(influence))) and not silent
        if silent:
            interval = Interval(-np.inf, np.inf)  # none of width 0 is honest
        elif small:
            wide = self._small_interval(name, sums, counts, weight, level)
            interval = Interval(min(wide.low, value), max(wide.high, value))
        return Estimate(
            value=value,
            std_error=delta_error(influence),
            low=interval.low,
            high=interval.high,
            ess=float(counts.sum()) if name == "fqe" else ess,
            method=name,
            level=level,
            diagnostics={
                "rows": float(counts.sum()),
                "episodes": float(counts.sum()),
                "episodes_without_reward": float(self.unrewarded),
                "steps": float(self.sums.shape[1]),
                "unit_buckets": float(filled.sum()),
                "mean_weight": float(weight.sum() / counts.sum()),
                "mean_weight_z": mean_weight_z(weight, counts),
                "max_weight_share": max_weight_share(self.largest_final, float(weight.sum())),
                "cressie_read": float(small),
                "tail_size": tail,
            },
        )

    def _small_interval(
        self, name: str, sums: Floats, counts: Floats, weight: Floats, level: float
    ) -> Interval:
        """Cressie–Read's interval of the unweighted form, with mean final weight 1."""
        discounts = _powers(self.discount, sums.shape[1])
        modelled = name in MODELLED
        totals = (_corrections(sums, modelled) + modelled * sums[:, :, PV]) @ discounts
        model = float(sums[:, 0, PV].sum() / counts.sum()) if modelled else 0.0
        extremes = [
            Extreme(model + size * error, size)
            for size in (self.largest, 0.0)
            for error in self.error_range
        ]
        return cressie_read_interval(totals, counts, weight, extremes, level=level)


def sequential_difference(
    mine: SequentialStatistics,
    name: str,
    other: SequentialStatistics,
    other_name: str,
    *,
    level: float = 0.95,
) -> Estimate:
    """One target's return minus another's on the same episodes, paired by buckets of units.

    Where few episodes decide, its ends are those of the two intervals, which is wider.
    """
    first = mine.finalize(name, level=level)
    second = other.finalize(other_name, level=level)
    filled = mine.episodes > 0
    parts = [
        _linearise(each, sums.sums[filled], sums.episodes[filled], sums.discount)
        for each, sums in ((name, mine), (other_name, other))
    ]
    value, influence = parts[0].value - parts[1].value, parts[0].influence - parts[1].influence
    interval = delta_interval(value, influence, level=level)
    tail = tail_size(influence)
    small = first.ess < SMALL_ESS or tail < least_tail(len(influence))
    if small:
        low, high = first.low - second.high, first.high - second.low
        interval = Interval(min(low, interval.low), max(high, interval.high))
    diagnostics = {**first.diagnostics, "cressie_read": float(small), "tail_size": tail}
    return replace(
        first, value=value, std_error=delta_error(influence), low=interval.low,
        high=interval.high, diagnostics=diagnostics,
    )  # fmt: skip


def _rewarded(rows: EpisodeRows) -> tuple[Ints, Ints, Ints]:
    """Start and length of each episode whose rewards are all known, and the row order."""
    made = rows.episodes
    missing = np.isnan(rows.reward[made.rows]).astype(np.int64)
    known = np.add.reduceat(missing, made.starts[:-1]) == 0
    return made.starts[:-1][known], made.lengths[known], made.rows


def _wider(span: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return min(span[0], float(other[0])), max(span[1], float(other[1]))


def _places(lengths: Ints) -> Ints:
    """0, 1, … within each episode, one after the other."""
    ends = np.cumsum(lengths)
    return np.arange(int(ends[-1])) - np.repeat(ends - lengths, lengths)


def _powers(discount: float, steps: int) -> Floats:
    return np.asarray(discount ** np.arange(steps), dtype=np.float64)


def _corrections(sums: Floats, modelled: bool) -> Floats:
    return np.asarray(sums[:, :, WR] - sums[:, :, WQ] if modelled else sums[:, :, WR])


def _linearise(name: str, sums: Floats, counts: Floats, discount: float) -> _Linearised:
    """Value and influence of each bucket, from (J, steps, 4) sums and (J,) episodes."""
    modelled = name in MODELLED
    discounts = _powers(discount, sums.shape[1])
    every = np.repeat(counts[:, None], sums.shape[1], axis=1)
    here = sums[:, :, W] if name in WEIGHTED else every
    before = np.concatenate([every[:, :1], here[:, :-1]], axis=1)
    if name == "fqe":
        return _ratios(sums[:, :1, PV], every[:, :1], discounts[:1])
    found = _ratios(_corrections(sums, modelled), here, discounts)
    if not modelled:
        return found
    ahead = _ratios(sums[:, :, PV], before, discounts)
    return _Linearised(found.value + ahead.value, found.influence + ahead.influence)


def _ratios(numerator: Floats, denominator: Floats, discounts: Floats) -> _Linearised:
    """Σ_t γ^t Σ numerator / Σ denominator over buckets; a step no target weight reached adds 0."""
    total, size = numerator.sum(axis=0), denominator.sum(axis=0)
    safe = np.where(size > 0, size, 1.0)
    ratio = np.where(size > 0, total / safe, 0.0)
    scale = np.where(size > 0, discounts / safe, 0.0)
    return _Linearised(float(ratio @ discounts), (numerator - ratio * denominator) @ scale)
