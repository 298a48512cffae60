"""What counts: a cell of the board, a pair of them for decisions, a row of them for durations."""

from array import array
from bisect import bisect_left
from typing import Final

from nba.compiled import compiled


class Cell:
    """One number of this worker."""

    __slots__ = ("_at", "_cells")

    def __init__(self, cells: "memoryview[float]", at: int) -> None:
        self._cells, self._at = cells, at

    def add(self, amount: float = 1.0) -> None:
        """Count."""
        self._cells[self._at] += amount

    def set(self, value: float) -> None:
        """Say how it stands now."""
        self._cells[self._at] = value

    @property
    def value(self) -> float:
        """As it stands now."""
        return self._cells[self._at]


class Tally:
    """Counts decisions that were made alike, with the propensities of what was chosen."""

    __slots__ = ("_decisions", "_propensities")

    def __init__(self, decisions: Cell, propensities: Cell) -> None:
        self._decisions, self._propensities = decisions, propensities

    def count(self, propensity: float) -> None:
        """Count a decision."""
        self._decisions.add()
        self._propensities.add(propensity)


class Histogram:
    """Seconds in buckets: each has what is no longer than its edge, the last what is left."""

    __slots__ = ("_buckets", "_edges", "_sum")

    def __init__(self, edges: "array[float]", buckets: list[Cell], sum_: Cell) -> None:
        self._edges, self._buckets, self._sum = edges, buckets, sum_

    def observe(self, seconds: float) -> None:
        """Count a duration in the one bucket that it falls into."""
        self._buckets[bisect_left(self._edges, seconds)].add()
        self._sum.add(seconds)


_compiled = compiled("serving.metrics._cells")
new_cell: Final[type[Cell]] = Cell if _compiled is None else _compiled.Cell
new_tally: Final[type[Tally]] = Tally if _compiled is None else _compiled.Tally
new_histogram: Final[type[Histogram]] = Histogram if _compiled is None else _compiled.Histogram
