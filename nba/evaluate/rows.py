"""Rows on their way into the sums: each with its weight, and what a model says of it."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from nba.errors import InputError
from nba.evaluate.buckets import unit_buckets
from nba.evaluate.check import validate_target
from nba.types import Bools, DecisionLog, Floats, Ints

Buckets32 = NDArray[np.int32]


def _none() -> Floats:
    return np.zeros(0)


@dataclass(frozen=True, slots=True)
class WeightedRows:
    """Decisions as flat arrays: all that the sums need of them."""

    bucket: Buckets32  # (n,)
    weight: Floats  # (n,) target / propensity of the chosen action, or what stands in for it
    reward: Floats  # (n,) NaN where it is missing
    predicted: Floats = field(default_factory=_none)  # (n,) of the chosen action, or empty
    value: Floats = field(default_factory=_none)  # (n,) Σ target · predicted reward, or empty

    @property
    def modelled(self) -> bool:
        """Whether predicted rewards are among them."""
        return len(self.predicted) > 0

    def take(self, rows: Ints | Bools) -> "WeightedRows":
        """Some of the rows, by number or by mask."""
        model = (self.predicted[rows], self.value[rows]) if self.modelled else (_none(), _none())
        return WeightedRows(self.bucket[rows], self.weight[rows], self.reward[rows], *model)

    def describe(self, row: int) -> str:
        """What stands in a row that no estimate may use, and what is needed."""
        return (
            f"row {row} has weight {self.weight[row]:.3g} and reward {self.reward[row]:.3g}; a "
            "weight of 0 or more and finite rewards and predictions are needed"
        )


def weigh_actions(
    bucket: Buckets32,
    target: Floats,
    offsets: Ints,
    chosen: Ints,
    propensity: Floats,
    reward: Floats,
    *,
    predictions: Floats | None = None,
) -> WeightedRows:
    """Rows (n,) from the target's probabilities and expected rewards (m,) of ragged actions.

    Raises InputError naming the first row that no estimate may use.
    """
    from nba.evaluate.kernel import weigh_rows  # numba loads where it is used

    given = _none() if predictions is None else predictions
    faulty, weight, predicted, value = weigh_rows(target, given, offsets, chosen, propensity)
    if faulty >= 0:
        own = target[offsets[faulty] : offsets[faulty + 1]]
        raise InputError(
            f"row {faulty} has propensity {propensity[faulty]:.3g}, action {chosen[faulty]} of "
            f"{len(own)} chosen and target probabilities that sum to {own.sum():.6g}; a "
            "propensity in (0, 1], finite predictions and target probabilities that sum to 1 are "
            "needed"
        )
    return WeightedRows(bucket, weight, reward, predicted, value)


def log_rows(
    log: DecisionLog,
    target: Floats,
    predictions: Floats | None = None,
    *,
    weight: Floats | None = None,
) -> WeightedRows:
    """The rows of a log for a target's probabilities and expected rewards (m,).

    `weight` (n,) takes the place of target / propensity. Raises InputError for a target that is no
    distribution and for predictions or weights of another shape.
    """
    if target.shape != (len(log.actions),):
        validate_target(log, target)
    if predictions is not None and (
        predictions.shape != target.shape or not np.isfinite(predictions).all()
    ):
        raise InputError(
            f"reward_predictions have shape {predictions.shape}; {len(target)} finite "
            "numbers are needed, one for each logged action"
        )
    if weight is not None and weight.shape != (len(log),):
        raise InputError(f"weights have shape {weight.shape}; the log has {len(log)} rows")
    probabilities = np.ascontiguousarray(target, dtype=np.float64)
    try:
        rows = weigh_actions(
            unit_buckets(log.unit), probabilities, log.offsets, log.chosen, log.propensity,
            log.reward, predictions=predictions,
        )  # fmt: skip
    except InputError:
        validate_target(log, probabilities)  # tells the same with the remedy for this log
        raise
    return rows if weight is None else replace(rows, weight=weight)
