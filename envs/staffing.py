"""Who works when: shifts that follow the arrival profile, breaks inside them, and outages.

Source: the usual staffing step of Gans, Koole, Mandelbaum 2003, section 2, made greedy over
half hours.
"""

from typing import Final

import numpy as np

from envs.config import CentreConfig
from envs.records import Shift, Table, column, table
from nba.types import Floats

# Kinds of rows in the timetable; at one time a shift starts before anything else happens.
START: Final = 0
BREAK: Final = 1
END: Final = 2
OUTAGE_STARTS: Final = 3
OUTAGE_ENDS: Final = 4

_LONG_SHIFT_S: Final = 5.5 * 3600.0
_STEP_H: Final = 0.5
_GRID_S: Final = 300.0
_LENGTHS_H: Final = (4.0, 6.0, 8.0)


def shifts(config: CentreConfig) -> tuple[Floats, Floats]:
    """Start and end of each employee's shift in seconds after opening, (K,) and (K,).

    Each shift added is the one that most reduces the squared gap between wanted and given
    staffing, where wanted staffing has the shape of the arrival profile plus a square-root reserve.
    """
    hours = config.day_s / 3600.0
    if config.all_day:
        return np.zeros(config.n_employees), np.full(config.n_employees, config.day_s)
    grid = np.arange(0.0, hours, _STEP_H)
    load = np.interp(grid, np.arange(len(config.rates)) + 0.5, config.rates)
    load *= float(np.dot(config.intent_share, config.service_mean_s))
    wanted = load + np.sqrt(load)
    candidates = [
        (start, min(start + length, hours))
        for start in grid
        for length in _LENGTHS_H
        if start + length <= hours + _STEP_H
    ]
    open_rows = np.array([(grid >= start) & (grid < end) for start, end in candidates], dtype=float)
    lengths = np.array([end - start for start, end in candidates])
    # The roster is given: scale the wanted curve to the hours that it works.
    wanted = wanted * (config.n_employees * 6.5 / _STEP_H) / wanted.sum()
    given = np.zeros(len(grid))
    chosen: list[tuple[float, float]] = []
    for _ in range(config.n_employees):
        gap = np.square(np.maximum(wanted - (given + open_rows), -0.5)).sum(axis=1)
        now = np.square(np.maximum(wanted - given, -0.5)).sum()
        best = int(np.argmax((now - gap) / np.sqrt(lengths)))
        chosen.append(candidates[best])
        given += open_rows[best]
    chosen.sort()
    starts, ends = np.array(chosen).T
    return starts * 3600.0, ends * 3600.0


def breaks(config: CentreConfig) -> list[tuple[int, float, float]]:
    """Employee, start and length in seconds of each planned break, where it is missed least.

    A long shift has one near each quarter, the middle one the longest; a short shift has one. Each
    is put, within half an hour of its place, where the most colleagues are left for the load.
    """
    if config.all_day:
        return []
    starts, ends = shifts(config)
    grid = np.arange(0.0, config.day_s, _GRID_S)
    load = np.interp(grid / 3600.0, np.arange(len(config.rates)) + 0.5, config.rates)
    here = ((starts[:, None] <= grid) & (grid < ends[:, None])).sum(axis=0).astype(np.float64)
    planned = []
    for k, (start, end) in enumerate(zip(starts, ends, strict=True)):
        shares = (0.25, 0.5, 0.75) if end - start > _LONG_SHIFT_S else (0.5,)
        for share, rest in zip(shares, config.break_s, strict=False):
            due = _best_start(grid, here / (load + load.mean() / 10.0), start, end, share, rest)
            here[(grid >= due) & (grid < due + rest)] -= 1.0
            planned.append((k, due, rest))
    return planned


def _best_start(
    grid: Floats, cover: Floats, start: float, end: float, share: float, rest: float
) -> float:
    """The start near the wanted place whose thinnest moment is thickest; the nearest of equals."""
    wanted = start + share * (end - start) - rest / 2.0
    options = wanted + _GRID_S * np.arange(-6, 7)
    thinnest = [cover[(grid >= o - 1.0) & (grid < o + rest)].min(initial=np.inf) for o in options]
    nearest = np.abs(options - wanted)
    return float(options[np.lexsort((nearest, -np.round(thinnest, 9)))[0]])


def timetable(config: CentreConfig) -> Table[Shift]:
    """The day's planned events in order of time, (T,)."""
    rows: list[tuple[float, int, int, float]] = []
    starts, ends = shifts(config)
    for k in range(config.n_employees):
        rows += [(starts[k], START, k, 0.0), (ends[k], END, k, 0.0)]
    rows += [(time, BREAK, k, rest) for k, time, rest in breaks(config)]
    if config.outage_start_s >= 0.0:
        rows += [(config.outage_start_s, OUTAGE_STARTS, -1, 0.0)]
        rows += [(config.outage_end_s, OUTAGE_ENDS, -1, 0.0)]
    rows.sort()
    made = table(Shift, len(rows))
    for name, values in zip(
        ("time", "kind", "employee", "length"), zip(*rows, strict=True), strict=True
    ):
        column(made, name)[:] = values
    return made
