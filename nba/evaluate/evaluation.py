"""One question, one pass: what would the target have earned, and may it be promoted?

Each decision is judged by itself, with the load that the logging policy made: what other choices
would have done to later contacts' queues is not in these estimates; the simulated centre tells it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nba.evaluate.action_sums import unsupported_share
from nba.evaluate.check import LogCheck, check_log, validate_log
from nba.evaluate.comparison import Comparison, compare
from nba.evaluate.doubly_robust import dr
from nba.evaluate.estimand import Estimand
from nba.evaluate.gate import GateResult, Thresholds, gate
from nba.types import DecisionLog, Estimate, Floats
from nba.understand.reward_model import cross_fit_rewards

MEAN_REWARD: Final = Estimand("mean", {"r": 1.0})
_TARGET: Final = "target"
_BASELINE: Final = "baseline"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that a log says about a target, and the verdict on it."""

    check: LogCheck
    logging: Estimate  # the mean reward that the log earned
    estimates: tuple[Estimate, ...]  # of the target, one per estimator of nba.evaluate.estimators
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
    targets = {_TARGET: target} if baseline is None else {_TARGET: target, _BASELINE: baseline}
    predictions = cross_fit_rewards(log)
    sums = compare(log, targets, segments=protect, predictions=predictions)
    other = None if baseline is None else _BASELINE
    found = sums.difference(_TARGET, other, dr, level=level)
    return Evaluation(
        check=check_log(log),
        logging=sums.statistics(_TARGET).finalize(MEAN_REWARD, level=level),
        estimates=sums.estimates(_TARGET, level=level),
        difference=found,
        result=gate(
            found,
            unsupported=unsupported_share(log, target),
            segments=segment_differences(sums, _TARGET, other, level=level),
            thresholds=thresholds or Thresholds(),
        ),
    )


def segment_differences(
    sums: Comparison, policy: str, baseline: str | None, *, level: float = 0.95
) -> dict[str, Estimate]:
    """The paired doubly robust difference within each segment of a comparison.

    Keys are "column=value"; a value none of whose rows has a reward is left out.
    """
    return {
        segment: sums.difference(policy, baseline, dr, segment=segment, level=level)
        for segment in sums.segments
        if sums.statistics(policy, segment=segment).total("n")
    }
