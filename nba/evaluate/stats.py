"""Sums that every estimate is made from: they add up over batches, shards and machines.

Per bucket of hash(unit) seven sums are kept, so any ratio of their combinations has an interval
that treats a customer's rows as one witness (delta method over buckets; Cochran 1977).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

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
        columns = _row_columns(log, target, reward_predictions)[:, used]
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
            setattr(self, name, _wider(getattr(self, name), np.array(getattr(other, name))))
        self.unrewarded += other.unrewarded
        self.has_model &= other.has_model

    def total(self, column: str) -> float:
        """The sum of one column over all rows."""
        return float(self.buckets[:, COLUMNS.index(column)].sum())

    def finalize(self, estimand: Estimand, *, level: float = 0.95) -> Estimate:
        """The estimate with its interval; LogError if no row had a reward."""
        part = _Part.of(self, estimand)
        ess = self.ess if estimand.weighted else self.total("n")
        interval = delta_interval(part.value, part.influence, level=level)
        small = estimand.weighted and ess < SMALL_ESS
        if small:
            interval = _small(self, logged(self), estimand, 0.0, part.value, level=level)
        return Estimate(
            value=part.value,
            std_error=delta_error(part.influence),
            low=interval.low,
            high=interval.high,
            ess=ess,
            method=estimand.name,
            level=level,
            diagnostics={**self._diagnostics(), "cressie_read": float(small)},
        )

    @property
    def ess(self) -> float:
        """Kish's effective sample size of the weights."""
        return effective_sample_size(self.total("w"), self.weight_squares)

    def _diagnostics(self) -> dict[str, float]:
        n, w = (self.buckets[:, COLUMNS.index(name)] for name in ("n", "w"))
        return {
            "rows": float(n.sum()),
            "rows_without_reward": float(self.unrewarded),
            "unit_buckets": float((n > 0).sum()),
            "mean_weight": float(w.sum() / n.sum()),
            "mean_weight_z": mean_weight_z(w, n),
            "max_weight_share": max_weight_share(self.weight_range[1], float(w.sum())),
        }
