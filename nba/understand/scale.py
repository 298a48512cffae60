"""Mean and standard deviation of columns whose rows come in parts."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from nba.types import Floats, Floats32

_BLOCK: Final = 8192


@dataclass(slots=True)
class ScaleSums:
    """Sums of rows and of their squares, both about the first row, so that squares stay exact."""

    shift: Floats  # (d,)
    total: Floats  # (d,)
    squares: Floats  # (d,)
    rows: int = 0

    @classmethod
    def of(cls, rows: Floats32) -> "ScaleSums":
        """The sums of some rows, (n, d) with at least one."""
        d = rows.shape[1]
        sums = cls(rows[0].astype(np.float64), np.zeros(d), np.zeros(d))
        sums.add(rows)
        return sums

    def add(self, rows: Floats32) -> None:
        """Add rows, (n, d), in blocks."""
        for start in range(0, len(rows), _BLOCK):
            off = rows[start : start + _BLOCK] - self.shift
            self.total += off.sum(axis=0)
            self.squares += np.einsum("ij,ij->j", off, off)
        self.rows += len(rows)

    def mean_and_std(self) -> tuple[Floats, Floats]:
        """Mean and standard deviation of each column, (d,); a constant column keeps its unit.

        >>> ScaleSums.of(np.array([[1.0, 5.0], [3.0, 5.0]], dtype=np.float32)).mean_and_std()
        (array([2., 5.]), array([1., 1.]))
        """
        mean = self.total / self.rows
        std = np.sqrt(np.maximum(self.squares / self.rows - mean * mean, 0.0))
        mean += self.shift
        return mean, np.where(std > 1e-6 * np.maximum(1.0, np.abs(mean)), std, 1.0)
