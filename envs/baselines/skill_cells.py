"""Cells: the guessed intent, the employee's skill for it, and how skilled they are in general.

Routing by cells knows no employee: whoever is alike is treated alike, on any roster.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from nba.listen.encode import FeatureSpec
from nba.types import Floats, Floats32, Ints

_INTENT: Final = "intent="


@dataclass(frozen=True, slots=True, eq=False)
class SkillCells:
    """Numbers each (intent, skill bucket, mean-skill bucket): edges part the buckets."""

    spec: FeatureSpec
    skill_edges: tuple[float, ...]  # ascending, of skill_estimate
    mean_edges: tuple[float, ...]  # ascending, of skill_mean

    @property
    def shape(self) -> tuple[int, int, int]:
        """Intents, skill buckets, mean-skill buckets."""
        return len(intent_columns(self.spec)), len(self.skill_edges) + 1, len(self.mean_edges) + 1

    @property
    def n(self) -> int:
        """How many cells there are."""
        return int(np.prod(self.shape))

    def number(self, intent: Ints, skill: Floats, mean: Floats) -> Ints:
        """The cell of an intent with an employee's skills; arrays of one shape."""
        _, skills, means = self.shape
        row = np.searchsorted(self.skill_edges, skill, side="right")
        column = np.searchsorted(self.mean_edges, mean, side="right")
        return np.asarray((intent * skills + row) * means + column, dtype=np.int64)

    def of_batch(self, context: Floats32, actions: Floats32) -> Ints:
        """The cell of every action of a batch, (B, A); any number where no employee stands."""
        intent = np.broadcast_to(guessed(self.spec, context)[:, None], actions.shape[:2])
        skill = actions[:, :, self.spec.action_column("skill_estimate")]
        mean = actions[:, :, self.spec.action_column("skill_mean")]
        return self.number(intent, skill.astype(np.float64), mean.astype(np.float64))


def guessed(spec: FeatureSpec, context: Floats32) -> Ints:
    """The guessed intent of every row, (n, d) → (n,)."""
    return np.asarray(context[:, intent_columns(spec)].argmax(axis=1), dtype=np.int64)


def intent_columns(spec: FeatureSpec) -> list[int]:
    """The places of the intent's columns in the context."""
    return [i for i, name in enumerate(spec.context_names) if name.startswith(_INTENT)]


def even_cells(spec: FeatureSpec, skill: Floats, mean: Floats, n: tuple[int, int]) -> SkillCells:
    """Cells with equally many of the given employees' skills (rows) in each bucket."""
    edges = [
        tuple(np.quantile(values, np.arange(1, buckets) / buckets).tolist())
        for values, buckets in zip((skill, mean), n, strict=True)
    ]
    return SkillCells(spec, edges[0], edges[1])
