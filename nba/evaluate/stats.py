"""Sums that every estimate is made from: they add up over batches, shards and machines.

Per bucket of hash(unit) seven sums are kept, so any ratio of their combinations has an interval
that treats a customer's rows as one witness (delta method over buckets; Cochran 1977).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from nba.errors import InputError, LogError
from nba.evaluate.check import validate_log, validate_target
from nba.evaluate.diagnostics import effective_sample_size, max_weight_share, mean_weight_z
from nba.evaluate.intervals import (
    Extreme,
    Interval,
    cressie_read_interval,
    delta_error,
    delta_interval,
)
from nba.listen.blocks import chosen_flat
from nba.listen.units import unit_parts
from nba.types import Bools, DecisionLog, Estimate, Floats

N_BUCKETS: Final = 4096
# w weight, r reward, q predicted reward of the chosen action, v Σ target · predicted reward.
COLUMNS: Final = ("n", "r", "q", "w", "wr", "wq", "v")
# Below this effective sample size intervals are Cressie–Read's. Provisional: a coverage study
# over worlds of different tails has to settle it.
SMALL_ESS: Final = 200.0


@dataclass(frozen=True, slots=True)
class Estimand:
    """An estimator as Σ (combination of the bucket sums) / Σ (one of them)."""

    name: str
    numerator: Mapping[str, float]  # column → factor
    denominator: str = "n"

    @property
    def weighted(self) -> bool:
        """Whether importance weights enter, so that their tail decides the interval."""
        return "wr" in self.numerator

    @property
    def modelled(self) -> bool:
        """Whether predicted rewards enter."""
        return "v" in self.numerator

    def totals(self, buckets: Floats) -> Floats:
        """The numerator of each bucket, (J,)."""
        factors = np.array([self.numerator.get(name, 0.0) for name in COLUMNS])
        return np.asarray(buckets @ factors)


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
    ) -> None:
        """Add the rows of a log (only those where `rows` holds) for a target's (m,) probabilities.

        `reward_predictions` (m,) are for estimators with a model. Rows with a NaN reward are left
        out and counted. Raises LogError or InputError naming a row that no estimate may use.
        """
        validate_log(log)
        validate_target(log, target)
        wanted = np.ones(len(log), dtype=np.bool_) if rows is None else rows
        used = wanted & ~np.isnan(log.reward)
        self.unrewarded += int(wanted.sum() - used.sum())
        self.has_model &= reward_predictions is not None
        if not used.any():
            return
        columns = [c[used] for c in _row_columns(log, target, reward_predictions)]
        bucket = unit_parts(log.unit, N_BUCKETS, purpose="bucket")[used]
        for place, values in enumerate(columns):
            self.buckets[:, place] += np.bincount(bucket, values, minlength=N_BUCKETS)
        _, reward, predicted, weight, *_ = columns
        self.weight_squares += float(np.square(weight).sum())
        self.weight_range = _wider(self.weight_range, weight)
        self.reward_range = _wider(self.reward_range, reward)
        self.residual_range = _wider(self.residual_range, reward - predicted)

    def merge(self, other: "Statistics") -> None:
        """Add the sums of other rows of the same target policy."""
        self.buckets += other.buckets
        self.weight_squares += other.weight_squares
        for name in ("weight_range", "reward_range", "residual_range"):
            mine, theirs = getattr(self, name), getattr(other, name)
            setattr(self, name, (min(mine[0], theirs[0]), max(mine[1], theirs[1])))
        self.unrewarded += other.unrewarded
        self.has_model &= other.has_model

    def total(self, column: str) -> float:
        """The sum of one column over all rows."""
        return float(self.buckets[:, COLUMNS.index(column)].sum())

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
    totals = estimand.totals(buckets)
    sizes = buckets[:, COLUMNS.index(estimand.denominator)]
    size = float(sizes.sum())
    if size <= 0:
        return Linearised(0.0, np.zeros(len(buckets)))  # the target never did what was logged
    value = float(totals.sum()) / size
    return Linearised(value, (totals - value * sizes) / size)


def make_estimate(
    estimand: Estimand,
    *,
    value: float,
    influence: Floats,
    ess: float,
    level: float,
    diagnostics: Mapping[str, float],
    small: Interval | None,
) -> Estimate:
    """An estimate with the interval that its effective sample size asks for."""
    cressie_read = small is not None and ess < SMALL_ESS
    interval = delta_interval(value, influence, level=level)
    if cressie_read and small is not None:
        # The reweighting aims at mean weight 1, which the plain average need not have.
        interval = Interval(min(small.low, value), max(small.high, value))
    return Estimate(
        value=value,
        std_error=delta_error(influence),
        low=interval.low,
        high=interval.high,
        ess=ess,
        method=estimand.name,
        level=level,
        diagnostics={**diagnostics, "cressie_read": float(cressie_read)},
    )


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
    return [
        Extreme(model + (weight - other) * error, weight)
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


def _row_columns(
    log: DecisionLog, target: Floats, reward_predictions: Floats | None
) -> tuple[Floats, ...]:
    """The columns of `COLUMNS` for every row, each (n,)."""
    chosen = chosen_flat(log)
    weight = target[chosen] / log.propensity
    predicted, value = np.zeros(len(log)), np.zeros(len(log))
    if reward_predictions is not None:
        if reward_predictions.shape != target.shape or not np.isfinite(reward_predictions).all():
            raise InputError(
                f"reward_predictions have shape {reward_predictions.shape}; {len(target)} finite "
                "numbers are needed, one for each logged action"
            )
        predicted = reward_predictions[chosen]
        value = np.add.reduceat(target * reward_predictions, log.offsets[:-1])
    reward = log.reward
    return (
        np.ones(len(log)), reward, predicted, weight, weight * reward, weight * predicted, value,
    )  # fmt: skip


def _wider(span: tuple[float, float], values: Floats) -> tuple[float, float]:
    return min(span[0], float(values.min())), max(span[1], float(values.max()))
