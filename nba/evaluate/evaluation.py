"""One question, one pass: what would the target have earned, and may it be promoted?

Each decision is judged by itself, with the load that the logging policy made: what other choices
would have done to later contacts' queues is not in these estimates; the simulated centre tells it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from nba.errors import InputError
from nba.evaluate.check import LogCheck, check_log, validate_log
from nba.evaluate.diagnostics import unsupported_share
from nba.evaluate.difference import difference
from nba.evaluate.direct import dm
from nba.evaluate.doubly_robust import dr
from nba.evaluate.estimator import RatioEstimator
from nba.evaluate.gate import GateResult, Thresholds, gate
from nba.evaluate.stats import Estimand, Statistics
from nba.evaluate.weighting import ips, snips
from nba.types import DecisionLog, Estimate, Floats
from nba.understand.reward_model import cross_fit_rewards

ESTIMATORS: Final[tuple[RatioEstimator, ...]] = (ips, snips, dm, dr)
MEAN_REWARD: Final = Estimand("mean", {"r": 1.0})


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that a log says about a target, and the verdict on it."""

    check: LogCheck
    logging: Estimate  # the mean reward that the log earned
    estimates: tuple[Estimate, ...]  # of the target, one per estimator of ESTIMATORS
    difference: Estimate  # target minus logging (or baseline), doubly robust, paired
    result: GateResult


def evaluate(
    log: DecisionLog,
    target: Floats,
    *,
    baseline: Floats | None = None,
    level: float = 0.95,
    protect: Sequence[str] = (),
    thresholds: Thresholds | None = None,
) -> Evaluation:
    """Estimates of a target, (m,) probabilities, its difference to the baseline, and a verdict.

    Without a `baseline` target the difference is to the mean reward of the log. `protect` names
    segment columns in which the target may not be clearly worse. Raises LogError or InputError
    naming a row that no estimate may use.
    """
    validate_log(log)
    predictions = cross_fit_rewards(log)
    statistics = Statistics()
    statistics.update(log, target, reward_predictions=predictions)
    other = None
    if baseline is not None:
        other = Statistics()
        other.update(log, baseline, reward_predictions=predictions)
    found = difference(statistics, dr.estimand, baseline=other, level=level)
    segments = segment_differences(
        log, target, predictions, baseline=baseline, names=protect, level=level
    )
    return Evaluation(
        check=check_log(log),
        logging=statistics.finalize(MEAN_REWARD, level=level),
        estimates=tuple(statistics.finalize(e.estimand, level=level) for e in ESTIMATORS),
        difference=found,
        result=gate(
            found,
            unsupported=unsupported_share(log, target),
            segments=segments,
            thresholds=thresholds or Thresholds(),
        ),
    )


def segment_differences(
    log: DecisionLog,
    target: Floats,
    predictions: Floats,
    *,
    names: Sequence[str],
    baseline: Floats | None = None,
    level: float = 0.95,
) -> dict[str, Estimate]:
    """The paired doubly robust difference within each value of the named segment columns.

    Keys are "column=value"; a value none of whose rows has a reward is left out. Raises
    InputError for a column that the log does not have.
    """
    differences: dict[str, Estimate] = {}
    for name in names:
        if name not in log.segments:
            known = ", ".join(sorted(log.segments)) or "none"
            raise InputError(f"the log has no segment column {name!r}; it has {known}")
        for value in sorted(set(log.segments[name])):
            rows = np.asarray(log.segments[name] == value)
            mine, other = Statistics(), Statistics()
            mine.update(log, target, reward_predictions=predictions, rows=rows)
            if not mine.total("n"):
                continue
            if baseline is not None:
                other.update(log, baseline, reward_predictions=predictions, rows=rows)
            differences[f"{name}={value}"] = difference(
                mine, dr.estimand, baseline=other if baseline is not None else None, level=level
            )
    return differences
