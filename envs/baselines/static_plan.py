"""The static planning problem: which intents each employee should spend the hour on.

Sources: Harrison and Zeevi 2005; Bassamboo, Harrison and Zeevi 2006 (routing from an LP that is
solved for the arrival rates of each period).
"""

from typing import Final

import numpy as np

from envs.baselines.roster import Roster
from nba.types import Floats, Ints

LOAD: Final = 0.85  # share of an hour that a plan may fill: above it lies overload


def flows(roster: Roster, value: Floats, handle_s: Floats, *, load: float = LOAD) -> Floats:
    """Contacts per hour that each employee should take of each intent, (P, I, K).

    Maximises Σ flow · value per period, with value (D, I, K) in EUR per contact, under: no more
    than arrive of each intent, and Σ flow · handle_s within `load` of everybody's hour.
    """
    found = np.zeros((len(roster.day), *value.shape[1:]))
    for period, day in enumerate(roster.day):
        here = np.flatnonzero(roster.present[period])
        if len(here):
            found[period][:, here] = best_flow(
                roster.arrivals[period], value[day][:, here], handle_s[day][:, here], load=load
            )
    return found


def best_flow(arrivals: Floats, value: Floats, handle_s: Floats, *, load: float) -> Floats:
    """One period's flows (I, K): arrivals (I,) per hour, value (I, K) EUR, handle_s (I, K)."""
    from scipy.optimize import linprog  # type: ignore[import-untyped]  # it ships no types

    n_intents, n_employees = value.shape
    by_intent = np.repeat(np.eye(n_intents), n_employees, axis=1)
    by_employee = np.tile(np.eye(n_employees), n_intents) * handle_s.ravel() / 3600.0
    solved = linprog(
        -value.ravel(),
        A_ub=np.vstack([by_intent, by_employee]),
        b_ub=np.concatenate([arrivals, np.full(n_employees, load)]),
        method="highs",
    )
    # Feasible (no flow at all) and bounded (by the hour), so only a mistake of ours can fail.
    assert solved.success, solved.message
    return np.asarray(solved.x, dtype=np.float64).reshape(value.shape)


def shares(roster: Roster, flow: Floats, cell: Ints, n_cells: int) -> Floats:
    """The mean share of an intent's contacts that an employee of each cell takes, (n_cells,).

    `cell` (D, I, K) tells the cell of each intent with each employee. A cell that never occurs
    has share 0.
    """
    total, count = np.zeros(n_cells), np.zeros(n_cells)
    for period, day in enumerate(roster.day):
        some = roster.arrivals[period] > 0
        pairs = some[:, None] & roster.present[period][None, :]
        share = flow[period] / np.where(some, roster.arrivals[period], 1.0)[:, None]
        np.add.at(total, cell[day][pairs], share[pairs])
        np.add.at(count, cell[day][pairs], 1.0)
    return np.asarray(total / np.maximum(count, 1.0))
