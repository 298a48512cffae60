"""One question to a decision log with features: every estimator, segments, tail, overlap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from nba.errors import InputError
from nba.evaluate.answer import Answer, Calibration, SegmentAnswer, Share, TailSums
from nba.evaluate.check import kind_columns, validate_log
from nba.evaluate.comparison import compare
from nba.evaluate.diagnostics import unsupported_share
from nba.evaluate.doubly_robust import dr
from nba.evaluate.estimand import Estimand
from nba.evaluate.flat_evaluation import refuse_many
from nba.evaluate.flat_view import check_decisions
from nba.evaluate.gate import Thresholds, gate
from nba.listen.blocks import chosen_flat
from nba.terminal import Advance
from nba.types import DecisionLog, Estimate, Floats
from nba.understand.reward_model import cross_fit_rewards

MEAN_REWARD: Final = Estimand("mean", {"r": 1.0})
STEPS: Final = 3  # that `evaluate_decisions` advances
_KEPT: Final = 60  # actions whose shares are told


@dataclass(frozen=True, slots=True)
class LogTarget:
    """A policy as its probability of every logged action."""

    name: str
    probabilities: Floats  # (m,)


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
    advance: Advance | None = None,
) -> Answer:
    """The answer of a decision log about a target; the difference is doubly robust and paired.

    Raises LogError or InputError naming a row that no estimate may use.
    """
    step = advance or _unseen
    validate_log(log)
    if baseline is not None and baseline.name == target.name:
        raise InputError(f"target and baseline are both {target.name!r}; compare two policies")
    wanted = tuple(dict.fromkeys([*segments, *protect]))
    refuse_many([s for s in wanted for _ in set(log.segments.get(s, ()))])
    predictions = cross_fit_rewards(log)
    step()
    policies = {p.name: p.probabilities for p in (target, baseline) if p is not None}
    sums = compare(log, policies, segments=wanted, predictions=predictions)
    step()
    other = None if baseline is None else baseline.name
    found = sums.difference(target.name, other, dr, level=level)
    inside = {
        name: SegmentAnswer(
            int(sums.statistics(target.name, segment=name).total("n")),
            sums.estimate(target.name, dr, segment=name, level=level),
            sums.difference(target.name, other, dr, segment=name, level=level),
        )
        for name in sums.segments
        if sums.statistics(target.name, segment=name).total("n")
    }
    check = check_decisions(log)
    tail = TailSums()
    tail.update(_weights(log, target.probabilities))
    step()
    return Answer(
        source=source,
        policy=target.name,
        against=other or "logging",
        check=check,
        logging=sums.statistics(target.name).finalize(MEAN_REWARD, level=level),
        estimates=tuple((name, e) for name in policies for e in sums.estimates(name, level=level)),
        difference=found,
        result=gate(
            found,
            unsupported=unsupported_share(log, target.probabilities),
            segments=_guarded(inside, protect),
            thresholds=thresholds or Thresholds(),
            unit=unit,
        ),
        segments=inside,
        tail=tail.result(),
        overlap=overlap(log, target.probabilities),
        calibration=calibration(log, predictions),
        notes=check.notes,
        unit=unit,
    )


def overlap(log: DecisionLog, target: Floats) -> tuple[Share, ...]:
    """How often each kind of action (each action, if there are no kinds) is taken."""
    chosen = chosen_flat(log)
    groups: Mapping[str, np.ndarray[tuple[int], np.dtype[np.bool_]]] = kind_columns(log)
    if groups:
        shares = [
            Share(name, float(is_kind[chosen].mean()), float(target[is_kind].sum()) / len(log))
            for name, is_kind in groups.items()
        ]
    else:
        names, codes = np.unique(log.action_ids.astype(str), return_inverse=True)
        logged = np.bincount(codes[chosen], minlength=len(names)) / len(log)
        taken = np.bincount(codes, weights=target, minlength=len(names)) / len(log)
        shares = [Share(*each) for each in zip(names.tolist(), logged, taken, strict=True)]
    return tuple(sorted(shares, key=lambda s: max(s.log, s.target), reverse=True)[:_KEPT])


def calibration(log: DecisionLog, predictions: Floats) -> tuple[Calibration, ...]:
    """Predicted and observed reward by tenths of the predicted one, of the chosen actions."""
    told = predictions[chosen_flat(log)]
    known = np.flatnonzero(~np.isnan(log.reward))
    order = known[np.argsort(told[known], kind="stable")]
    return tuple(
        Calibration(float(told[part].mean()), float(log.reward[part].mean()), len(part))
        for part in np.array_split(order, 10)
        if len(part)
    )


def _weights(log: DecisionLog, target: Floats) -> Floats:
    known = ~np.isnan(log.reward)
    return np.asarray((np.maximum(target[chosen_flat(log)], 0.0) / log.propensity)[known])


def _guarded(inside: Mapping[str, SegmentAnswer], protect: Sequence[str]) -> dict[str, Estimate]:
    return {s: a.difference for s, a in inside.items() if s.partition("=")[0] in protect}


def _unseen(n: int = 1) -> None:
    """Progress that nobody watches."""
