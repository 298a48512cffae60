"""Shifts that follow the arrival profile: a greedy fit of half-hourly staffing.

Source: the usual staffing step of Gans, Koole, Mandelbaum 2003, section 2, made greedy.
"""

from typing import Final

import numpy as np

from envs.config import CentreConfig
from nba.types import Floats

_STEP_H: Final = 0.5
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
