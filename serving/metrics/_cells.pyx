# cython: boundscheck=False, wraparound=False, initializedcheck=False
"""Cells of the board, quickened: see cells.py."""


cdef class Cell:
    """One number of this worker."""

    cdef double[::1] _cells
    cdef Py_ssize_t _at

    def __init__(self, cells, Py_ssize_t at):
        assert 0 <= at < len(cells)
        self._cells, self._at = cells, at

    def add(self, double amount=1.0):
        """Count."""
        self._cells[self._at] += amount

    def set(self, double value):
        """Say how it stands now."""
        self._cells[self._at] = value

    @property
    def value(self):
        """As it stands now."""
        return self._cells[self._at]


cdef class Tally:
    """Counts decisions that were made alike, with the propensities of what was chosen."""

    cdef Cell _decisions
    cdef Cell _propensities

    def __init__(self, Cell decisions not None, Cell propensities not None):
        self._decisions, self._propensities = decisions, propensities

    def count(self, double propensity):
        """Count a decision."""
        self._decisions._cells[self._decisions._at] += 1.0
        self._propensities._cells[self._propensities._at] += propensity


cdef class Histogram:
    """Seconds in buckets: each has what is no longer than its edge, the last what is left."""

    cdef list _buckets
    cdef Cell _sum
    cdef double[::1] _edges

    def __init__(self, edges, list buckets not None, Cell sum_ not None):
        assert len(buckets) == len(edges) + 1
        self._edges, self._buckets, self._sum = edges, [<Cell?>cell for cell in buckets], sum_

    def observe(self, double seconds):
        """Count a duration in the one bucket that it falls into."""
        cdef Py_ssize_t place = 0
        while place < self._edges.shape[0] and self._edges[place] < seconds:
            place += 1
        cdef Cell bucket = <Cell>self._buckets[place]
        bucket._cells[bucket._at] += 1.0
        self._sum._cells[self._sum._at] += seconds
