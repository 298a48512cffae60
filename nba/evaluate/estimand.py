"""What an estimator is a ratio of: names of the sums, and which of them it takes.

w is a weight, r a reward, q the predicted reward of the chosen action, v Σ target · predicted
reward over a row's actions. A column named `family[λ]` holds Σ of a reward (or of r - q) times a
weight that λ has shrunk:

- `clip`: min(w, λ) r (Ionides 2008);
- `subgaussian`: w / (1 - λ + λ w) r (Metelli, Russo, Restelli 2021);
- `switch`: w (r - q) where w ≤ λ, else nothing (Wang, Agarwal, Dudík 2017);
- `dros`: λ w / (w² + λ) (r - q) (Su, Dimakopoulou, Krishnamurthy, Dudík 2020).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from nba.types import Floats

Family = Literal["clip", "subgaussian", "switch", "dros"]

# Each grid goes from the least bias to the least noise. They are fixed, so that any two sums add.
GRIDS: Final[Mapping[Family, tuple[float, ...]]] = {
    "clip": (1000.0, 100.0, 50.0, 20.0, 10.0, 5.0, 2.0, 1.0),
    "subgaussian": (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.6, 1.0),
    "switch": (1000.0, 100.0, 50.0, 20.0, 10.0, 5.0, 2.0, 1.0),
    "dros": (1e6, 1e5, 1e4, 1e3, 100.0, 10.0, 1.0, 0.1),
}
BASE: Final = ("n", "r", "q", "w", "wr", "wq", "v")


def shrunk_column(family: Family, strength: float) -> str:
    """The name of the column of a family at one λ of its grid.

    >>> shrunk_column("clip", 10.0)
    'clip[10]'
    """
    return f"{family}[{strength:g}]"


COLUMNS: Final = (
    *BASE,
    *(shrunk_column(family, strength) for family in GRIDS for strength in GRIDS[family]),
)
PLACE: Final[Mapping[str, int]] = {name: place for place, name in enumerate(COLUMNS)}


@dataclass(frozen=True, slots=True)
class Shrinkage:
    """How an estimator tames its weights; without a family it does not."""

    family: Family | None = None
    strength: float = 0.0  # λ

    def weight(self, weight: float) -> float:
        """The tamed form of one weight.

        >>> Shrinkage("clip", 10.0).weight(25.0), Shrinkage().weight(25.0)
        (10.0, 25.0)
        """
        if self.family == "clip":
            return min(weight, self.strength)
        if self.family == "subgaussian":
            below = 1.0 - self.strength + self.strength * weight
            return weight / below if below > 0 else 0.0
        if self.family == "switch":
            return weight if weight <= self.strength else 0.0
        if self.family == "dros":
            return self.strength * weight / (weight * weight + self.strength)
        return weight


@dataclass(frozen=True, slots=True)
class Estimand:
    """An estimator as Σ numerator / Σ denominator, plus Σ offset / n where it has an offset."""

    name: str
    numerator: Mapping[str, float]  # column → factor
    denominator: str = "n"
    offset: Mapping[str, float] = field(default_factory=dict)  # column → factor
    shrinkage: Shrinkage = Shrinkage()

    @property
    def weighted(self) -> bool:
        """Whether importance weights enter, so that their tail decides the interval."""
        return "wr" in self.numerator or self.shrinkage.family is not None

    @property
    def modelled(self) -> bool:
        """Whether predicted rewards enter."""
        return "v" in self.numerator or "v" in self.offset

    def totals(self, buckets: Floats) -> Floats:
        """The numerator and the offset of each bucket together, (J,)."""
        return _combined(buckets, self.numerator) + _combined(buckets, self.offset)

    def ratios(self, buckets: Floats) -> tuple[tuple[Floats, Floats], ...]:
        """The (numerator, denominator) pairs, each (J,), whose ratios of sums add to the value."""
        first = (_combined(buckets, self.numerator), buckets[:, PLACE[self.denominator]])
        if not self.offset:
            return (first,)
        return first, (_combined(buckets, self.offset), buckets[:, PLACE["n"]])


def _combined(buckets: Floats, factors: Mapping[str, float]) -> Floats:
    total = np.zeros(len(buckets))
    for name, factor in factors.items():
        total += factor * buckets[:, PLACE[name]]
    return total
