"""Policies on the same days: means, and differences paired day by day."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TypedDict

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
    error = float(days.std(ddof=1) / np.sqrt(len(days)))
    half = t_quantile(level, len(days) - 1) * error
    return Interval(mean, mean - half, mean + half)


def paired_difference(policy: DayTable, minus: DayTable, *, level: float = 0.95) -> Interval:
    """EUR per contact of one policy minus another's, over days that both lived through."""
    return mean_interval(policy["eur_per_contact"] - minus["eur_per_contact"], level=level)


class Comparison(TypedDict):
    """Plain values of a comparison, as `nba compare --json` prints them."""

    rows: list[dict[str, object]]
    differences: list[dict[str, object]]


def comparison_json(
    tables: Sequence[DayTable], *, preset: str, seed: int, scenario: str = "normal"
) -> Comparison:
    """Every policy's figures, and its difference to the first one."""
    rows: list[dict[str, object]] = []
    for table in tables:
        figures = {name: float(days.mean()) for name, days in table.columns.items()}
        earned = mean_interval(table["eur_per_contact"])
        named: dict[str, object] = {
            "policy": table.policy, "preset": preset, "scenario": scenario, "seed_block": seed,
        }  # fmt: skip
        rows.append({**named, **figures, "low": earned.low, "high": earned.high})
    differences: list[dict[str, object]] = []
    for table in tables[1:]:
        gap = asdict(paired_difference(table, tables[0]))
        differences.append({"policy": table.policy, "minus": tables[0].policy, **gap})
    return {"rows": rows, "differences": differences}
