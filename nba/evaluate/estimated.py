"""A log without propensities: they are estimated, marked so, and doubted aloud."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import numpy as np

from nba.errors import InputError
from nba.evaluate.answer import Answer
from nba.evaluate.buckets import row_buckets, unit_buckets
from nba.evaluate.decision_evaluation import LogTarget, evaluate_decisions
from nba.evaluate.flat_evaluation import FlatEvaluation, FlatTarget
from nba.evaluate.gate import Thresholds, gate
from nba.evaluate.propensity import (
    FLOOR,
    estimate_propensities,
    mark_estimated,
    multinomial_propensities,
)
from nba.evaluate.sensitivity import Band, choice_weights, robust_gamma, sensitivity_band
from nba.listen.flat_log import FlatLog, join_flat
from nba.listen.sample import take_rows
from nba.types import Bools, DecisionLog, Floats

_NO_OVERLAP: Final = (
    "in no row is every action that the target takes likely enough (2 %) under the logging policy: "
    "this log cannot tell about it"
)


def estimated_answer(
    log: Iterable[FlatLog],
    target: FlatTarget,
    *,
    source: str = "the log",
    level: float = 0.95,
    thresholds: Thresholds | None = None,
    unit: str = "EUR",
) -> Answer:
    """The answer with propensities from a cross-fitted model of the choice given the features.

    Rows are left out where some action the target may take is chosen in under 2 % of such cases.
    The whole log is held in memory. Raises InputError for a log without features.
    """
    whole = join_flat(list(log))
    if not whole.feature_names:
        raise InputError("name the columns that the choice rested on: propensities need features")
    actions, codes = np.unique(whole.action.astype(str), return_inverse=True)
    n = len(whole)
    rows = np.arange(n).astype(str).astype(object)
    unit_of = rows if whole.unit is None else whole.unit
    found = multinomial_propensities(whole.features, codes.astype(np.int64), unit_of)
    each = found.probabilities.reshape(n, len(actions))
    kept = _overlap(whole, target, actions.tolist(), each)
    if not kept.any():
        raise InputError(_NO_OVERLAP)
    told = replace(whole, propensity=each[np.arange(n), codes]).take(kept)
    sums = FlatEvaluation(target)
    sums.update(told)
    answer = sums.answer(source, level=level, thresholds=thresholds, unit=unit)
    gamma = _robust_gamma(told, target, answer.difference.value, level)
    difference = mark_estimated(answer.difference, found, {"robust_gamma": gamma})
    trimmed = 1.0 - float(kept.mean())
    notes = (
        (
            f"propensities were ESTIMATED from {', '.join(whole.feature_names)}: what is told "
            "holds only as far as these tell why an action was chosen"
        ),
        (
            f"{trimmed:.1%} of the rows were left out, as an action of the target is hardly ever "
            "chosen there; the answer is about the others"
        ),
        (
            f"calibration error of the propensities {found.calibration_error:.3f}; the sign stands "
            f"up to odds of choice shifted by {max(1.0, gamma):.2f} by something unseen"
        ),
    )
    return replace(
        answer,
        estimates=tuple((name, mark_estimated(e, found)) for name, e in answer.estimates),
        difference=difference,
        result=gate(
            difference,
            thresholds=thresholds or Thresholds(),
            robust_gamma=gamma,
            unit=unit,
        ),
        notes=(*answer.notes, *notes),
    )


def _overlap(log: FlatLog, target: FlatTarget, actions: list[str], each: Floats) -> Bools:
    """Rows where nothing the target may take there is less probable than the floor."""
    rare = np.zeros(len(log), dtype=np.bool_)
    for place, action in enumerate(actions):
        taken = replace(log, action=np.full(len(log), action, dtype=object))
        rare |= (target.probabilities(taken) > 0) & (each[:, place] < FLOOR)
    return ~rare


def _robust_gamma(log: FlatLog, target: FlatTarget, value: float, level: float) -> float:
    assert log.propensity is not None
    known = ~np.isnan(log.reward)
    bucket = row_buckets(len(log)) if log.unit is None else unit_buckets(log.unit)
    probability, propensity = target.probabilities(log)[known], log.propensity[known]
    reward = log.reward[known] * (1.0 if value >= 0 else -1.0)

    def band(gamma: float) -> Band:
        weights = choice_weights(probability, propensity, gamma)
        return sensitivity_band(reward, weights, bucket[known], plus=-reward, level=level)

    return robust_gamma(band, 0.0)


def estimated_decisions(log: DecisionLog, target: LogTarget, *, level: float = 0.95) -> Answer:
    """The same for a decision log: propensities from all of its features.

    Nothing tells here how wrong they may be, so a gain is not promoted on them.
    """
    found = estimate_propensities(log)
    kept = found.overlap(log, target.probabilities)
    if not kept.any():
        raise InputError(_NO_OVERLAP)
    told = take_rows(found.fill(log), np.flatnonzero(kept))
    sizes = np.diff(log.offsets)
    inside = LogTarget(target.name, target.probabilities[np.repeat(kept, sizes)])
    answer = evaluate_decisions(told, inside, level=level)
    difference = mark_estimated(answer.difference, found)
    return replace(
        answer,
        estimates=tuple((name, mark_estimated(e, found)) for name, e in answer.estimates),
        difference=difference,
        result=gate(difference),
        notes=(
            *answer.notes,
            "propensities were ESTIMATED from the features of the log",
            (
                f"{1.0 - kept.mean():.1%} of the rows were left out, as an action of the target is "
                "hardly ever chosen there; the answer is about the others"
            ),
        ),
    )
