"""What a policy earns in simulation: one row of key figures per centre-day, paired by seed."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from envs.config import CentreConfig
from envs.run_days import Progress, run_days
from envs.state import FIRST_EMPLOYEE, FIXED_ACTIONS
from nba.listen.objective import Objective
from nba.types import Floats, Policy


@dataclass(frozen=True, slots=True)
class DayTable:
    """Key figures of one policy over centre-days; row i of two tables of one seed is one day."""

    policy: str
    columns: Mapping[str, Floats]  # name → (n_days,)
    action_share: Mapping[str, float]  # kind → share of decisions

    def __getitem__(self, name: str) -> Floats:
        return self.columns[name]


def simulate(
    policy: Policy,
    config: CentreConfig,
    *,
    n_days: int,
    seed: int,
    objective: Objective | None = None,
    progress: Progress | None = None,
) -> DayTable:
    """Run a policy over `n_days` centre-days of a seed.

    The same seed brings the same sites, customers and luck to every policy (common random
    numbers), so differences between two tables are paired day by day. EUR per contact counts the
    day's reward, contacts still open settled, over the customers who arrived: a number that no
    policy can change.
    """
    earned = np.zeros(n_days)
    rows: dict[str, Floats] = {}
    counts = np.zeros(FIRST_EMPLOYEE + config.n_employees)
    for step in run_days(
        policy, config, n_days=n_days, seed=seed, objective=objective, progress=progress
    ):
        sites = step.first_site + np.flatnonzero(step.active)
        earned[sites] += step.reward[step.active]
        counts += np.bincount(step.chosen[step.active], minlength=len(counts))
        if step.ended.any():
            ended = step.first_site + np.flatnonzero(step.ended)
            figures = {**step.vector.day_components(), **step.vector.day_figures()}
            for name, values in figures.items():
                rows.setdefault(name, np.zeros(n_days))[ended] = values[step.ended]
    shares = np.append(counts[:FIRST_EMPLOYEE], counts[FIRST_EMPLOYEE:].sum()) / counts.sum()
    kinds = dict(zip((*FIXED_ACTIONS, "employee"), shares.tolist(), strict=True))
    return DayTable(policy.name, day_key_figures(config, earned, rows), kinds)


def day_key_figures(
    config: CentreConfig, earned: Floats, day: Mapping[str, Floats]
) -> Mapping[str, Floats]:
    """Key figures (n_days,) from EUR earned, counts and components of centre-days."""
    return {
        "eur_per_contact": earned / day["arrivals"],
        "eur_per_hour": earned / (config.day_s / 3600.0),
        "fcr": day["resolved_first"] / day["fresh"],
        "wait_s": _ratio(day["answer_wait_s"], day["answered"]),
        "abandoned": _ratio(day["abandons"], day["offered"]),
        "occupancy": day["busy_s"] / day["shift_s"],
        "handle_s": _ratio(day["handled_s"], day["answered"]),
        "overload_min": day["overload_s"] / 60.0,
        "containment": _ratio(day["contained"], day["bots"]),
        "csat": _ratio(day["csat"], day["surveys"]),
        "recontacts": day["recontacts"] / day["arrivals"],
        "late_break_min": day["late_break_s"] / 60.0,
        "churned": day["churned"] / day["arrivals"],
        "contacts": day["arrivals"],
    }


def _ratio(value: Floats, count: Floats) -> Floats:
    """Value per count, zero where nothing was counted."""
    return np.asarray(np.divide(value, count, out=np.zeros_like(value), where=count > 0))
