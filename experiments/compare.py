"""Policies on the same days: means, and differences paired day by day."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from envs.evaluate_days import DayTable
from nba.evaluate.intervals import t_quantile
from nba.types import Floats


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over days with its t interval."""

    value: float
    low: float
    high: float


def mean_interval(days: Floats, *, level: float = 0.95) -> Interval:
    """The mean of independent days and its t interval (Student 1908); needs two days or more."""
    mean = float(days.mean())
    error = float(days.std(ddof=1)) / np.sqrt(len(days))
    half = t_quantile(level, len(days) - 1) * error
    return Interval(mean, mean - half, mean + half)


def paired_difference(policy: DayTable, minus: DayTable, *, level: float = 0.95) -> Interval:
    """EUR per contact of one policy minus another's, over days that both lived through."""
    return mean_interval(policy["eur_per_contact"] - minus["eur_per_contact"], level=level)


def best_rival(tables: Sequence[DayTable], but: str) -> DayTable:
    """The table with the largest mean among the others."""
    others = [table for table in tables if table.policy != but]
    return max(others, key=lambda table: float(table["eur_per_contact"].mean()))
