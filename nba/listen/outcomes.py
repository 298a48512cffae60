"""Outcomes come back late, twice or never; joined by decision_id they become the log's rewards.

How a join settles it, per (decision, component):
- What an earlier join wrote stands; otherwise the earliest outcome inside the window counts and
  every other one is a duplicate. Joining the same outcomes again changes nothing.
- The window runs from the decision for `window_s` seconds, its end included. Later is late.
- An outcome stamped before its decision or after `now` is out of time: not joined, but counted.
- Nothing by the window's end: the component's default where one is declared, NaN otherwise.
- The reward is the objective's sum, NaN while any weighted component is NaN.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import repeat

import numpy as np

from nba.errors import InputError, LogError
from nba.listen.objective import Objective
from nba.types import Bools, DecisionLog, Floats, Ints, Outcome, Texts


@dataclass(frozen=True, slots=True)
class OutcomeColumns:
    """Outcomes in columns, in any order; each row is one `Outcome`."""

    decision_id: Texts  # (q,)
    component: Texts  # (q,)
    value: Floats  # (q,) in the component's own unit
    at: Floats  # (q,) seconds since the epoch

    def __post_init__(self) -> None:
        for name in ("component", "value", "at"):
            if len(getattr(self, name)) != len(self.decision_id):
                raise InputError(
                    f"outcome column {name} has {len(getattr(self, name))} rows; "
                    f"{len(self.decision_id)} are needed"
                )
        bad = ~(np.isfinite(self.value) & np.isfinite(self.at))
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise InputError(
                f"outcome row {row} ({self.component[row]!r} of {self.decision_id[row]!r}) has "
                f"value {self.value[row]} at {self.at[row]}; leave out an outcome that is not known"
            )

    def __len__(self) -> int:
        return len(self.decision_id)

    @classmethod
    def from_outcomes(cls, outcomes: Iterable[Outcome]) -> "OutcomeColumns":
        """The columns of single outcomes.

        >>> len(OutcomeColumns.from_outcomes([Outcome("d-1", "resolved", 1.0, 60.0)]))
        1
        """
        rows = list(outcomes)
        return cls(
            np.array([row.decision_id for row in rows], dtype=object),
            np.array([row.component for row in rows], dtype=object),
            np.array([row.value for row in rows], dtype=np.float64),
            np.array([row.at for row in rows], dtype=np.float64),
        )


@dataclass(frozen=True, slots=True)
class JoinReport:
    """What became of every outcome, and of the decisions; the first five add up to all outcomes."""

    joined: int
    late: int  # after the window
    duplicate: int  # the component already had a value, or an earlier outcome came first
    unknown_decision: int  # its decision is not in the log
    out_of_time: int  # stamped before its decision or after now
    defaulted: int  # values filled in because a window closed empty
    without_reward: int  # decisions whose reward is still NaN


def join_outcomes(
    log: DecisionLog,
    outcomes: OutcomeColumns,
    *,
    objective: Objective,
    now: float,
    window_s: Mapping[str, float] | float,
    defaults: Mapping[str, float] | None = None,
) -> tuple[DecisionLog, JoinReport]:
    """The log with its outcomes and rewards, and a report of what was joined and what was not.

    `window_s` is one window in seconds or one per component; `now` is in seconds since the epoch.
    Raises InputError for a component without a window, LogError for a decision id standing twice.
    """
    codes = {name: i for i, name in enumerate(_components(log, outcomes, objective))}
    windows = _windows(codes, window_s)
    component = _lookup(codes, outcomes.component)
    row = _lookup(_rows_by_id(log), outcomes.decision_id)
    values = _table(log, codes)

    decided_at = np.append(log.at, np.nan)[row]  # an unknown decision has row -1
    known = row >= 0
    timely = known & (outcomes.at >= decided_at) & (outcomes.at <= now)
    inside = timely & (outcomes.at <= decided_at + windows[component])
    first = _first_of_each(inside, row * len(codes) + component, outcomes.at)
    first = first[np.isnan(values[row[first], component[first]])]
    values[row[first], component[first]] = outcomes.value[first]

    defaulted = _fill_defaults(values, codes, log.at[:, None] + windows <= now, defaults or {})
    columns = {name: np.ascontiguousarray(values[:, i]) for name, i in codes.items()}
    joined = replace(log, outcomes=columns, reward=objective.reward(columns))
    report = JoinReport(
        joined=len(first),
        late=int(timely.sum() - inside.sum()),
        duplicate=int(inside.sum()) - len(first),
        unknown_decision=int((~known).sum()),
        out_of_time=int(known.sum() - timely.sum()),
        defaulted=defaulted,
        without_reward=int(np.isnan(joined.reward).sum()),
    )
    return joined, report


def _components(
    log: DecisionLog, outcomes: OutcomeColumns, objective: Objective
) -> tuple[str, ...]:
    """Every component that is in the log, weighted, or come back, in a stable order."""
    arrived = sorted(set(outcomes.component))
    return tuple(dict.fromkeys([*log.outcomes, *objective.weights, *arrived]))


def _windows(codes: Mapping[str, int], window_s: Mapping[str, float] | float) -> Floats:
    if not isinstance(window_s, Mapping):
        window_s = dict.fromkeys(codes, window_s)
    absent = [name for name in codes if name not in window_s]
    if absent:
        raise InputError(
            f"outcome component {absent[0]!r} has no window; add it to window_s, which has "
            f"{', '.join(sorted(window_s))}"
        )
    windows = np.array([window_s[name] for name in codes], dtype=np.float64)
    if not (windows >= 0).all():
        name = next(name for name in codes if not window_s[name] >= 0)
        raise InputError(f"window_s[{name!r}] is {window_s[name]}; give seconds from 0 up")
    return windows


def _rows_by_id(log: DecisionLog) -> dict[str, int]:
    rows = {name: i for i, name in enumerate(log.decision_id)}
    if len(rows) < len(log):
        row = next(i for i, name in enumerate(log.decision_id) if rows[name] != i)
        raise LogError(
            f"log rows {row} and {rows[log.decision_id[row]]} have the same decision_id "
            f"{log.decision_id[row]!r}; keep one of them"
        )
    return rows


def _lookup(numbers: Mapping[str, int], names: Texts) -> Ints:
    """The number of each name, -1 where there is none."""
    return np.fromiter(map(numbers.get, names, repeat(-1)), dtype=np.int64, count=len(names))


def _table(log: DecisionLog, codes: Mapping[str, int]) -> Floats:
    """What the log already holds, (n, components), NaN elsewhere."""
    values = np.full((len(log), len(codes)), np.nan)
    for name, column in log.outcomes.items():
        values[:, codes[name]] = column
    return values


def _first_of_each(usable: Bools, slot: Ints, at: Floats) -> Ints:
    """The usable outcome with the earliest time of each slot, as row numbers."""
    rows = np.flatnonzero(usable)
    ordered = rows[np.lexsort((at[rows], slot[rows]))]
    return np.asarray(ordered[np.diff(slot[ordered], prepend=-1) != 0])


def _fill_defaults(
    values: Floats, codes: Mapping[str, int], closed: Bools, defaults: Mapping[str, float]
) -> int:
    """Write the defaults into closed, empty windows in place; how many were written."""
    filled = 0
    for name, default in defaults.items():
        if name not in codes:
            raise InputError(
                f"defaults name {name!r}, which is no component of this log or objective; use "
                f"{', '.join(codes)}"
            )
        empty = closed[:, codes[name]] & np.isnan(values[:, codes[name]])
        values[empty, codes[name]] = default
        filled += int(empty.sum())
    return filled
