"""Does a log change while it runs? Sums over stretches of rows, few however long the log is."""

from dataclasses import dataclass, field

import numpy as np

from nba.types import Floats

_STRETCHES = 60  # at most; two neighbours become one when there are more
_START = 32  # rows of a stretch at first


@dataclass(slots=True)
class Drift:
    """Per stretch of equally many rows: Σ 1, Σ x and Σ x²."""

    size: int = _START
    sums: list[Floats] = field(default_factory=list)  # each (3,)

    def update(self, values: Floats) -> None:
        """Add values in the order of the log; NaN are left out.

        >>> drift = Drift()
        >>> drift.update(np.r_[np.zeros(5000), np.ones(5000)] + np.arange(10_000) % 2)
        >>> drift.z() > 10
        True
        """
        values = values[np.isfinite(values)]
        while len(values):
            if not self.sums or self.sums[-1][0] >= self.size:
                if len(self.sums) == _STRETCHES:
                    self._halve()
                    continue
                self.sums.append(np.zeros(3))
            some = values[: self.size - int(self.sums[-1][0])]
            self.sums[-1] += np.array([len(some), some.sum(), np.square(some).sum()])
            values = values[len(some) :]

    def thirds(self) -> tuple[float, float]:
        """The mean of the first and of the last third; NaN if there is too little."""
        first, last = self._ends()
        return float(first[1] / first[0]), float(last[1] / last[0])

    def z(self) -> float:
        """Standard errors between the first and the last third; 0 if they cannot be told apart."""
        if len(self.sums) < 3:
            return 0.0
        (n, x, xx), (m, y, yy) = self._ends()
        variance = max(xx / n - (x / n) ** 2, 0.0) / n + max(yy / m - (y / m) ** 2, 0.0) / m
        return float((y / m - x / n) / np.sqrt(variance)) if variance > 0 else 0.0

    def _ends(self) -> tuple[Floats, Floats]:
        third = max(1, len(self.sums) // 3)
        if not self.sums:
            return np.full(3, np.nan), np.full(3, np.nan)
        return np.sum(self.sums[:third], axis=0), np.sum(self.sums[-third:], axis=0)

    def _halve(self) -> None:
        self.sums = [a + b for a, b in zip(self.sums[::2], self.sums[1::2], strict=True)]
        self.size *= 2
