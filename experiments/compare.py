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


@dataclass(frozen=True, slots=True)
class Contestant:
    """One policy's days in every seed block, or the days of one policy for each training seed."""

    name: str
    tables: tuple[DayTable, ...]  # one per seed block
    learned_anew: bool = False  # whether each block has a policy of its own, trained on its seed


def comparison_json(
    contestants: Sequence[Contestant],
    differences: Sequence[tuple[Contestant, Contestant]],
    *,
    preset: str,
    scenario: str,
    seeds: Sequence[int],
) -> Comparison:
    """Every contestant's figures in every seed block, and the asked differences."""
    named = {"preset": preset, "scenario": scenario}
    rows = [
        {"policy": one.name, **named, "seed_block": seed, **_figures(table)}
        for one in contestants
        for seed, table in zip(seeds, one.tables, strict=True)
    ]
    told = [
        {"policy": a.name, "minus": b.name, **named, **asdict(difference_over_blocks(a, b))}
        for a, b in differences
    ]
    return {"rows": rows, "differences": told}


def difference_over_blocks(policy: Contestant, minus: Contestant) -> Interval:
    """EUR per contact of one minus another's, paired over what is independent.

    Days are; but the days that one trained policy served share its training, so where policies
    were trained for each block the blocks count, not their days.
    """
    pairs = list(zip(policy.tables, minus.tables, strict=True))
    gaps = [a["eur_per_contact"] - b["eur_per_contact"] for a, b in pairs]
    if len(gaps) > 1 and (policy.learned_anew or minus.learned_anew):
        return mean_interval(np.array([days.mean() for days in gaps]))
    return mean_interval(np.concatenate(gaps))


def _figures(table: DayTable) -> dict[str, object]:
    """EUR per contact with its interval over the block's days, then every other key figure."""
    earned = mean_interval(table["eur_per_contact"])
    means = {name: float(days.mean()) for name, days in table.columns.items()}
    first = {"eur_per_contact": earned.value, "low": earned.low, "high": earned.high}
    return {**first, **{name: mean for name, mean in means.items() if name not in first}}
