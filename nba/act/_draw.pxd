"""The compiled form of the draw in `nba.act.decide`: the same place, to the bit."""

from libc.math cimport fabs, nextafter


cdef inline Py_ssize_t place_drawn(
    const double* probabilities, Py_ssize_t k, double uniform
) noexcept:
    """The place that `draw_one` gives for this number in [0, 1); -1 if they are no distribution."""
    cdef double total = 0.0, point
    cdef Py_ssize_t i
    for i in range(k):
        total += probabilities[i]
        if not probabilities[i] >= 0.0:
            return -1
    if not fabs(total - 1.0) <= 1e-6:
        return -1
    point = min(uniform * total, nextafter(total, 0.0))
    total = 0.0
    for i in range(k):
        total += probabilities[i]
        if total > point:
            return i
    return -1
