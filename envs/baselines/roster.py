"""Who worked when, and what came in: the planning periods of a log, one per day and hour.

Shapes: D days, P periods, I intents, K employees (by their action ids), m actions of the log.
"""

from dataclasses import dataclass

import numpy as np

from envs.baselines.skill_cells import guessed, intent_columns
from nba.errors import LogError
from nba.listen.encode import FeatureSpec
from nba.types import Bools, DecisionLog, Floats, Ints

_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, eq=False)
class Roster:
    """The employees of a log as the company sees them, and the contacts of each hour."""

    day: Ints  # (P,) the period's place in D
    arrivals: Floats  # (P, I) contacts per hour by guessed intent
    present: Bools  # (P, K) who was offered for a contact in that hour
    skill: Floats  # (D, I, K) mean skill estimate
    skill_mean: Floats  # (D, K)
    resolve: Floats  # (D, I, K) mean estimated chance to resolve
    handle_s: Floats  # (D, I, K) mean expected handling time


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """The employee rows of a log: who, when, for which intent."""

    flat: Ints  # places in the log's actions
    day: Ints
    employee: Ints
    intent: Ints


def check_spec(log: DecisionLog, spec: FeatureSpec) -> None:
    """Refuse a log of other columns than the spec's."""
    names = (log.context_names, log.action_names)
    if names != (spec.context_names, spec.action_names):
        raise LogError(
            f"the log's columns are not those of spec {spec.name!r}; give the learner the spec "
            "that the log was written with"
        )


def roster_of(log: DecisionLog, spec: FeatureSpec) -> Roster:
    """The roster and the hourly contacts of a log; LogError for one without employees."""
    check_spec(log, spec)
    days, day = np.unique(np.floor(log.at / _DAY_S), return_inverse=True)
    hour = np.floor(log.context[:, spec.context_column("hour")]).astype(np.int64)
    intent = guessed(spec, log.context)
    decision = np.repeat(np.arange(len(log)), np.diff(log.offsets))
    flat = np.flatnonzero(log.actions[:, spec.action_column("kind=employee")] == 1.0)
    if not len(flat):
        raise LogError("the log offers no employee in any decision; a plan needs some")
    ids = log.action_ids[flat]
    names = {name: place for place, name in enumerate(sorted(set(ids)))}
    employee = np.fromiter(map(names.__getitem__, ids), dtype=np.int64, count=len(ids))
    rows = _Rows(flat, day[decision[flat]], employee, intent[decision[flat]])
    size = (len(days), len(intent_columns(spec)), len(names))
    period, index = np.unique(day * 24 + hour, return_inverse=True)
    present = np.zeros((len(period), len(names)), dtype=np.bool_)
    present[index[decision[flat]], employee] = True
    fresh = log.context[:, spec.context_column("steps_in_contact")] == 0.0
    arrivals = np.zeros((len(period), size[1]))
    np.add.at(arrivals, (index[fresh], intent[fresh]), 1.0)

    def figure(column: str) -> Floats:
        shown = log.actions[flat, spec.action_column(column)]
        return _mean_by(rows, shown.astype(np.float64), size)

    return Roster(
        day=np.asarray(period // 24, dtype=np.int64),
        arrivals=arrivals,
        present=present,
        skill=figure("skill_estimate"),
        skill_mean=figure("skill_mean").mean(axis=1),
        resolve=figure("resolve_estimate"),
        handle_s=figure("expected_handle_s"),
    )


def _mean_by(rows: _Rows, values: Floats, size: tuple[int, int, int]) -> Floats:
    """Mean per (day, intent, employee), (D, I, K); the intent's mean where nothing was seen."""
    code = np.ravel_multi_index((rows.day, rows.intent, rows.employee), size)
    total = np.bincount(code, values, minlength=int(np.prod(size))).reshape(size)
    count = np.bincount(code, minlength=int(np.prod(size))).reshape(size)
    usual = total.sum(axis=(0, 2)) / np.maximum(count.sum(axis=(0, 2)), 1)
    means = np.broadcast_to(usual[None, :, None], size).copy()
    return np.asarray(np.divide(total, count, out=means, where=count > 0))
