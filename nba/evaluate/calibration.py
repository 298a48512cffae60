"""Predicted and observed reward by tenths of the predicted one, from sums that add over slices."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from nba.evaluate.answer import Calibration
from nba.types import Floats

_BINS: Final = 1 << 16
_TENTHS: Final = 10


@dataclass(slots=True)
class CalibrationSums:
    """Rows, Σ predicted and Σ observed per fine bin of the predicted reward.

    A bin holds what agrees in the first 16 bits of its distance from `centre`: its width is under
    one per cent of that distance, so tenths are equal in rows but for the rows of one bin.
    """

    centre: float = 0.0  # such as the mean reward
    sums: Floats = field(default_factory=lambda: np.zeros((_BINS, 3)))

    def update(self, predicted: Floats, observed: Floats) -> None:
        """Add rows, (n,) and (n,); those with a NaN reward are left out.

        >>> sums = CalibrationSums()
        >>> sums.update(np.array([1.0, 2.0]), np.array([1.5, np.nan]))
        >>> sums.result()
        (Calibration(predicted=1.0, observed=1.5, rows=1),)
        """
        known = ~np.isnan(observed)
        told, came = predicted[known], observed[known]
        place = (told - self.centre).astype(np.float32).view(np.uint32) >> 16
        for column, values in enumerate((None, told, came)):
            self.sums[:, column] += np.bincount(place, values, minlength=_BINS)

    def merge(self, other: "CalibrationSums") -> None:
        """Add the rows of another one about the same centre."""
        self.sums += other.sums

    def result(self) -> tuple[Calibration, ...]:
        """The tenths that hold rows, in the order of the predicted reward."""
        filled = self.sums[self.sums[:, 0] > 0]
        filled = filled[np.argsort(filled[:, 1] / filled[:, 0], kind="stable")]
        before = np.cumsum(filled[:, 0]) - 0.5 * filled[:, 0]
        tenth = (before / max(1.0, filled[:, 0].sum()) * _TENTHS).astype(np.int64)
        groups = [filled[tenth == place].sum(axis=0) for place in range(_TENTHS)]
        return tuple(
            Calibration(float(told / n), float(came / n), int(n)) for n, told, came in groups if n
        )
