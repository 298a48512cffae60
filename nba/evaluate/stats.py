"""Sums that every estimate is made from: they add up over batches, shards and machines.

Per bucket of hash(unit) the sums of `COLUMNS` are kept, so any ratio of their combinations has an
interval that treats a customer's rows as one witness (delta method over buckets; Cochran 1977).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from nba.errors import InputError, LogError
from nba.evaluate.buckets import N_BUCKETS, Buckets32
from nba.evaluate.check import validate_log
from nba.evaluate.diagnostics import effective_sample_size, max_weight_share, mean_weight_z
from nba.evaluate.estimand import COLUMNS, PLACE, Estimand
from nba.evaluate.intervals import (
    Extreme,
    Interval,
    cressie_read_interval,
    delta_error,
    delta_interval,
    tail_size,
)
from nba.evaluate.rows import WeightedRows, log_rows
from nba.types import Bools, DecisionLog, Estimate, Floats, Ints

# Below this effective sample size, or where fewer buckets than this carry the variance, intervals
# are Cressie–Read's: of 240 cells (8 worlds, 200 to 5,000 rows) none then covered less than .93.
SMALL_ESS: Final = 100.0
SMALL_TAIL: Final = 15.0


def least_tail(n_buckets: int) -> float:
    """The tail size below which an interval is Cressie–Read's.

    Of few units even normal influences have a tail size of a third of their number.

    >>> least_tail(40), least_tail(4000)
    (10.0, 15.0)
    """
    return min(SMALL_TAIL, n_buckets / 4)


@dataclass(slots=True)
class Statistics:
    """The sums of one target policy on the rows seen so far; `update` and `merge` add to them."""

    buckets: Floats = field(default_factory=lambda: np.zeros((N_BUCKETS, len(COLUMNS))))
    weight_squares: float = 0.0
    weight_range: tuple[float, float] = (0.0, 0.0)  # what a row's weight may be, seen or possible
    reward_range: tuple[float, float] = (np.inf, -np.inf)
    residual_range: tuple[float, float] = (np.inf, -np.inf)  # reward - its prediction
    unrewarded: int = 0  # rows left out because their reward is missing
    has_model: bool = True

    def update(
        self,
        log: DecisionLog,
        target: Floats,
        *,
        reward_predictions: Floats | None = None,
        rows: Bools | None = None,
        weight: Floats | None = None,
    ) -> None:
        """Add the rows of a log (only those where `rows` holds) for a target's (m,) probabilities.

        `reward_predictions` (m,) are for estimators with a model; `weight` (n,) takes the place of
        target / propensity. Rows with a NaN reward are left out and counted. Raises LogError or
        InputError naming a row that no estimate may use; nothing is added then.
        """
        validate_log(log)
        given = log_rows(log, target, reward_predictions, weight=weight)
        self.add(given if rows is None else given.take(rows))

    def add(self, rows: WeightedRows) -> None:
        """Add rows as flat arrays; InputError names a faulty one, and nothing is added then."""
        from nba.evaluate.kernel import sum_rows  # numba loads where it is used

        places, bucket = _places(rows.bucket)
        sums = np.zeros((len(places), len(COLUMNS)))
        told = sum_rows(sums, bucket, rows.weight, rows.reward, rows.predicted, rows.value)
        if told.faulty >= 0:
            raise InputError(rows.describe(told.faulty))
        self.buckets[places] += sums
        self.weight_squares += told.weight_squares
        self.weight_range = _wider(self.weight_range, told.weight)
        self.reward_range = _wider(self.reward_range, told.reward)
        self.residual_range = _wider(self.residual_range, told.residual)
        self.unrewarded += int(np.isnan(rows.reward).sum())
        self.has_model &= rows.modelled or not len(rows.reward)

    def merge(self, other: "Statistics") -> None:
        """Add the sums of other rows of the same target policy."""
        self.buckets += other.buckets
        self.weight_squares += other.weight_squares
        for name in ("weight_range", "reward_range", "residual_range"):
            setattr(self, name, _wider(getattr(self, name), getattr(other, name)))
        self.unrewarded += other.unrewarded
        self.has_model &= other.has_model

    def total(self, column: str) -> float:
        """The sum of one column over all rows."""
        return float(self.buckets[:, PLACE[column]].sum())

    @property
    def ess(self) -> float:
        """Kish's effective sample size of the weights."""
        return effective_sample_size(self.total("w"), self.weight_squares)

    def finalize(self, estimand: Estimand, *, level: float = 0.95) -> Estimate:
        """The estimate with its interval; LogError if no row had a reward."""
        value, influence = linearise(self, estimand)
        ess = self.ess if estimand.weighted else self.total("n")
        return make_estimate(
            estimand,
            value=value,
            influence=influence,
            ess=ess,
            level=level,
            diagnostics=diagnose(self),
            small=small_sample_interval(self, None, estimand, level=level),
            silent=rewards_are_silent(self, estimand),
        )


class Linearised(NamedTuple):
    """A ratio and what each filled bucket of units adds to its error."""

    value: float
    influence: Floats  # (J,)


def linearise(statistics: Statistics, estimand: Estimand) -> Linearised:
    """The estimand's value with its linearisation over the filled buckets."""
    if estimand.modelled and not statistics.has_model:
        raise InputError(f"{estimand.name} needs reward_predictions; give them to every update")
    buckets = statistics.buckets[statistics.buckets[:, 0] > 0]
    if not len(buckets):
        raise LogError(
            f"no row of the log has a reward ({statistics.unrewarded} are missing); join its "
            "outcomes first (nba.listen.outcomes)"
        )
    value, influence = 0.0, np.zeros(len(buckets))
    for totals, sizes in estimand.ratios(buckets):
        size = float(sizes.sum())
        if size <= 0:
            continue  # the target never did what was logged
        ratio = float(totals.sum()) / size
        value += ratio
        influence += (totals - ratio * sizes) / size
    return Linearised(value, influence)


def make_estimate(
    estimand: Estimand,
    *,
    value: float,
    influence: Floats,
    ess: float,
    level: float,
    diagnostics: Mapping[str, float],
    small: Interval | None,
    silent: bool = False,
) -> Estimate:
    """An estimate with the interval that its effective sample size and its tail ask for.

    Where rewards are silent (all equal) the interval is infinite: none of width 0 is honest.
    """
    tail = tail_size(influence)
    cressie_read = (
        small is not None and (ess < SMALL_ESS or tail < least_tail(len(influence))) and not silent
    )
    interval = delta_interval(value, influence, level=level)
    if cressie_read and small is not None:
        # The reweighting aims at mean weight 1, which the plain average need not have.
        interval = Interval(min(small.low, value), max(small.high, value))
    elif silent:
        interval = Interval(-np.inf, np.inf)
    return Estimate(
        value=value,
        std_error=delta_error(influence),
        low=interval.low,
        high=interval.high,
        ess=ess,
        method=estimand.name,
        level=level,
        diagnostics={**diagnostics, "cressie_read": float(cressie_read), "tail_size": tail},
    )


def rewards_are_silent(statistics: Statistics, estimand: Estimand) -> bool:
    """Whether an estimand of rewards has seen only one reward: a rarer one would change it.

    A click log without a click says nothing of how rare clicks are.
    """
    low, high = statistics.reward_range
    return low >= high and (estimand.weighted or "r" in estimand.numerator)


def small_sample_interval(
    policy: Statistics, baseline: Statistics | None, estimand: Estimand, *, level: float
) -> Interval | None:
    """The Cressie–Read interval of a value, or of its difference to a baseline's on the same rows.

    None for an estimand without weights.
    """
    if not estimand.weighted:
        return None
    filled = policy.buckets[:, 0] > 0
    buckets = policy.buckets[filled]
    totals = estimand.totals(buckets)
    if baseline is not None:
        totals = totals - estimand.totals(baseline.buckets[filled])
    return cressie_read_interval(
        totals, buckets[:, 0], buckets[:, 3], _extremes(policy, baseline, estimand), level=level
    )


def _extremes(policy: Statistics, baseline: Statistics | None, estimand: Estimand) -> list[Extreme]:
    """Decisions at the ends of the weights' and of the rewards' (or their residuals') range."""
    model, errors = 0.0, policy.reward_range
    if estimand.modelled:
        gap = policy.total("v") - (baseline.total("v") if baseline is not None else 0.0)
        model, errors = gap / policy.total("n"), policy.residual_range
    low, high = policy.weight_range
    other_low, other_high = baseline.weight_range if baseline is not None else (0.0, 0.0)
    shrunk = estimand.shrinkage.weight
    return [
        Extreme(model + (shrunk(weight) - shrunk(other)) * error, weight)
        for weight, other in ((high, other_low), (low, other_high))
        for error in errors
    ]


def diagnose(statistics: Statistics) -> dict[str, float]:
    """What the sums tell about the rows used and about the weights."""
    n, w = statistics.buckets[:, 0], statistics.buckets[:, 3]
    return {
        "rows": float(n.sum()),
        "rows_without_reward": float(statistics.unrewarded),
        "unit_buckets": float((n > 0).sum()),
        "mean_weight": float(w.sum() / n.sum()),
        "mean_weight_z": mean_weight_z(w, n),
        "max_weight_share": max_weight_share(statistics.weight_range[1], float(w.sum())),
    }


def _places(bucket: Buckets32) -> tuple[Ints, Buckets32]:
    """The buckets to be summed, and which of them each row is in.

    Of a small log only those that occur: its sums touch little memory, which is most of the time.
    """
    if len(bucket) >= N_BUCKETS:
        return np.arange(N_BUCKETS, dtype=np.int64), bucket
    places, codes = np.unique(bucket, return_inverse=True)
    return places.astype(np.int64), codes.astype(np.int32)


def _wider(span: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return min(span[0], other[0]), max(span[1], other[1])
