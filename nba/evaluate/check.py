"""Is this log usable? Every faulty row by reason, before any estimate is believed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from nba.errors import InputError, LogError
from nba.evaluate.faults import FLAT_REMEDIES, REWARD_MISSING
from nba.types import Bools, DecisionLog, Floats, Ints

# What to do about each fault; a log with one of these is refused. A missing reward is no fault:
# its window may be open, and its row is left out and counted.
_REMEDIES: Final[Mapping[str, str]] = {
    "propensity missing": "log the probability that the chosen action had, or leave the row out",
    "propensity outside (0, 1]": "a logged action had a probability above zero: was the log "
    "written by a deterministic rule, or the column shifted?",
    "chosen out of range": "chosen is the index within the row's own action set, from 0",
    "feature not finite": "write the spec's default for an unknown feature, or leave the row out",
    "reward infinite": "a reward is a finite number of EUR, or NaN while it is not known",
    "decision repeated": "keep one row per decision_id",
}


class ChoiceCheck(NamedTuple):
    """Mean of chosen / propensity where an action was open; it is 1 if the column is right."""

    action: str
    picks: int
    mean: float
    error: float  # standard error

    @property
    def z(self) -> float:
        """Standard errors by which the mean is off 1."""
        return (self.mean - 1.0) / self.error if self.error > 1e-12 else 0.0


@dataclass(frozen=True, slots=True)
class LogCheck:
    """What a log holds and which of its rows no estimate can use."""

    rows: int
    used: int
    dropped: Mapping[str, Ints]  # reason → row numbers, only reasons that occur
    propensity: str  # present, constant, missing or faulty
    reward_range: tuple[float, float]  # EUR, of the rows used; NaN if there is none
    loggers: Mapping[str, int]  # policy version → rows
    support: Mapping[str, tuple[int, int]]  # action kind → rows where eligible, rows where chosen
    notes: tuple[str, ...]  # what a reader should know though no row is dropped for it
    counts: Mapping[str, int] = field(default_factory=dict)  # reason → rows, if `dropped` has few
    choices: tuple[ChoiceCheck, ...] = ()  # chosen / propensity by action, furthest from 1 first
    doubts: tuple[str, ...] = ()  # why no verdict may rest on the propensities

    @property
    def usable(self) -> bool:
        """Whether the log has rows to use and no fault that makes estimates refuse it."""
        return self.used > 0 and not set(self.dropped) & {*_REMEDIES, *FLAT_REMEDIES}

    def count(self, reason: str) -> int:
        """How many rows were left out for a reason; `dropped` may hold the first ones only."""
        return self.counts.get(reason, len(self.dropped.get(reason, ())))


def check_log(log: DecisionLog) -> LogCheck:
    """A report of the log's rows by reason, its rewards, loggers and support.

    Faults are reported, not raised; only an empty action set, which no count could tell, is.
    """
    dropped = {reason: rows for reason, rows in find_faults(log).items() if len(rows)}
    missing = np.flatnonzero(np.isnan(log.reward))
    if len(missing):
        dropped[REWARD_MISSING] = missing
    usable = np.ones(len(log), dtype=np.bool_)
    for rows in dropped.values():
        usable[rows] = False
    rewards = log.reward[usable]
    versions, counts = np.unique(log.policy_version.astype(str), return_counts=True)
    loggers = dict(zip(versions.tolist(), counts.tolist(), strict=True))
    support = kind_support(log, usable)
    return LogCheck(
        rows=len(log),
        used=int(usable.sum()),
        dropped=dropped,
        propensity=propensity_status(
            {reason: len(rows) for reason, rows in dropped.items()},
            len(log),
            (float(log.propensity.min()), float(log.propensity.max())) if len(log) else (0.0, 0.0),
        ),
        reward_range=(float(rewards.min()), float(rewards.max()))
        if len(rewards)
        else (np.nan,) * 2,
        loggers=loggers,
        support=support,
        notes=log_notes(loggers, support, ordered=not (np.diff(log.at) < 0).any()),
    )


def validate_log(log: DecisionLog) -> None:
    """Raise LogError for the first row no estimate may use, naming it and the remedy."""
    refuse_faults(log, find_faults(log))


def refuse_faults(log: DecisionLog, faults: Mapping[str, Ints], *, first_row: int = 0) -> None:
    """Raise LogError for the first of the faults, if any; `first_row` is the log's own number."""
    for reason, rows in faults.items():
        if len(rows):
            row = int(rows[0])
            more = f" (and {len(rows) - 1} more rows)" if len(rows) > 1 else ""
            raise LogError(
                f"row {first_row + row} (decision {log.decision_id[row]!r}){more}: {reason}"
                f"{_value(log, reason, row)}; {_REMEDIES[reason]}"
            )


def validate_target(log: DecisionLog, target: Floats) -> None:
    """Raise InputError unless `target` (m,) holds one distribution per row of the log."""
    if target.shape != (len(log.actions),):
        raise InputError(
            f"target probabilities have shape {target.shape}; the log has {len(log.actions)} "
            "actions: compute them with target_probabilities for this very log"
        )
    totals = np.add.reduceat(target, log.offsets[:-1]) if len(log) else np.zeros(0)
    least = np.minimum.reduceat(target, log.offsets[:-1]) if len(log) else np.zeros(0)
    wrong = ~((np.abs(totals - 1.0) <= 1e-6) & (least >= -1e-12))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"target probabilities of row {row} sum to {totals[row]:.6g} and are {least[row]:.3g} "
            "at least; each row needs probabilities from 0 up that sum to 1"
        )


def find_faults(log: DecisionLog, *, repeated: Bools | None = None) -> dict[str, Ints]:
    """Row numbers by reason, in the order in which they would be refused.

    `repeated` (n,) tells for a slice of a log which of its decisions were there before.
    """
    k = np.diff(log.offsets)
    if (k < 1).any():
        row = int(np.flatnonzero(k < 1)[0])
        raise LogError(f"row {row} has {k[row]} actions; every decision needs at least one")
    finite: Bools = np.asarray(np.isfinite(log.context).all(axis=1))
    bad_actions = np.flatnonzero(~np.isfinite(log.actions).all(axis=1))
    finite[np.searchsorted(log.offsets, bad_actions, side="right") - 1] = False
    faults: dict[str, Bools] = {
        "propensity missing": np.isnan(log.propensity),
        "propensity outside (0, 1]": (log.propensity <= 0) | (log.propensity > 1 + 1e-9),
        "chosen out of range": (log.chosen < 0) | (log.chosen >= k),
        "feature not finite": ~finite,
        "reward infinite": np.isinf(log.reward),
        "decision repeated": _repeated(log) if repeated is None else repeated,
    }
    return {reason: np.flatnonzero(bad) for reason, bad in faults.items()}


def kind_support(log: DecisionLog, rows: Bools) -> dict[str, tuple[int, int]]:
    """Per action kind, in how many of the rows it was eligible and in how many chosen."""
    support: dict[str, tuple[int, int]] = {}
    in_range = rows & (log.chosen >= 0) & (log.chosen < np.diff(log.offsets))
    chosen = (log.offsets[:-1] + log.chosen)[in_range]
    for name, is_kind in kind_columns(log).items():
        eligible = np.logical_or.reduceat(is_kind, log.offsets[:-1]) & rows
        support[name] = (int(eligible.sum()), int(is_kind[chosen].sum()))
    return support


def kind_columns(log: DecisionLog) -> dict[str, Bools]:
    """Action kind → whether each logged action is of it, (m,), from the `kind=` columns."""
    return {
        name.removeprefix("kind="): log.actions[:, column] > 0.5
        for column, name in enumerate(log.action_names)
        if name.startswith("kind=")
    }


def _repeated(log: DecisionLog) -> Bools:
    """Every row but the first of its decision_id."""
    repeated = np.zeros(len(log), dtype=np.bool_)
    if len(set(log.decision_id)) < len(log):
        seen: set[str] = set()
        for row, name in enumerate(log.decision_id):
            repeated[row] = name in seen
            seen.add(name)
    return repeated


def propensity_status(counts: Mapping[str, int], rows: int, span: tuple[float, float]) -> str:
    """present, constant, missing or faulty, from faults by reason and the range of the column."""
    if counts.get("propensity missing", 0) == rows:
        return "missing"
    if any(reason.startswith("propensity") for reason in counts):
        return "faulty"
    return "constant" if span[1] - span[0] < 1e-12 else "present"


def _value(log: DecisionLog, reason: str, row: int) -> str:
    values: Mapping[str, Callable[[], str]] = {
        "propensity outside (0, 1]": lambda: f", it is {log.propensity[row]:.3g}",
        "chosen out of range": lambda: (
            f", it is {log.chosen[row]} of {log.offsets[row + 1] - log.offsets[row]} actions"
        ),
        "feature not finite": lambda: f", {_bad_feature(log, row)}",
        "reward infinite": lambda: f", it is {log.reward[row]}",
    }
    return values[reason]() if reason in values else ""


def _bad_feature(log: DecisionLog, row: int) -> str:
    bad = np.flatnonzero(~np.isfinite(log.context[row]))
    if len(bad):
        return f"context {log.context_names[int(bad[0])]} is {log.context[row, bad[0]]}"
    first = int(log.offsets[row])
    places = np.argwhere(~np.isfinite(log.actions[first : log.offsets[row + 1]]))
    action, column = int(places[0][0]), int(places[0][1])
    return (
        f"{log.action_names[column]} of action {log.action_ids[first + action]!r} is "
        f"{log.actions[first + action, column]}"
    )


def log_notes(
    loggers: Mapping[str, int], support: Mapping[str, tuple[int, int]], *, ordered: bool
) -> tuple[str, ...]:
    """What a reader should know of loggers, times and kinds that were never tried."""
    notes = []
    if len(loggers) > 1:
        notes.append(
            f"{len(loggers)} policies wrote this log; each row is weighted by the propensity of "
            "its own"
        )
    if not ordered:
        notes.append("rows are not in the order of time")
    notes += [
        f"{kind} was eligible in {eligible} rows and never chosen: a target that uses it cannot "
        "be judged from this log"
        for kind, (eligible, chosen) in support.items()
        if eligible and not chosen
    ]
    return tuple(notes)
