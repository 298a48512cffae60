"""Key figures of centre-days as they are simulated, for days that are logged part by part."""

from collections.abc import Mapping, Sequence

import numpy as np

from envs.config import CentreConfig
from envs.day_blocks import DayBlock, Step
from envs.evaluate_days import day_key_figures
from nba.types import Floats

DayRow = dict[str, float]  # site, day, earned_eur and the counts of one centre-day


class DayFigures:
    """Watches the steps of a block; one row per day that has ended."""

    def __init__(self, block: DayBlock) -> None:
        self._block = block
        self._earned = np.zeros(block.n)
        self._rows: dict[int, DayRow] = {}

    def __call__(self, step: Step) -> None:
        self._earned[step.active] += step.reward[step.active]
        ended = np.flatnonzero(step.ended).tolist()
        if not ended:
            return
        figures = {**step.vector.day_components(), **step.vector.day_figures()}
        for b in ended:
            self._rows[b] = {
                "site": int(self._block.sites[b]),
                "day": int(self._block.days[b]),
                "earned_eur": float(self._earned[b]),
                **{name: float(values[b]) for name, values in figures.items()},
            }

    def rows(self) -> list[DayRow]:
        """The days that have ended, in the order of the block."""
        return [self._rows[b] for b in sorted(self._rows)]


def key_figures(config: CentreConfig, rows: Sequence[DayRow]) -> Mapping[str, Floats]:
    """The key figures of `envs.evaluate_days`, name → (days,), of these days."""
    day = {name: np.array([row[name] for row in rows], dtype=np.float64) for name in rows[0]}
    return day_key_figures(config, day["earned_eur"], day)
