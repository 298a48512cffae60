"""What other compiled modules may ask of a reward model."""


cdef class CompiledReward:
    cdef Py_ssize_t s, g  # action parts, groups
    cdef Py_ssize_t[::1] columns  # (s,)
    cdef double[::1] low, high, shift, scale  # (s,)
    cdef Py_ssize_t[::1] logs  # parts of which the logarithm is taken
    cdef Py_ssize_t[:, ::1] products  # (q, 2) parts, and the parts that multiply them
    cdef double[::1] context_mean, context_std  # (d,)
    cdef double[:, ::1] form  # (d, (1 + s) · G)
    cdef double[::1] constant  # ((1 + s) · G,)
    cdef double[:, ::1] groups  # (p, G), or (p, 0)
    cdef double[::1] weights  # ((1 + s) · G,) of the decision that is being made
    cdef double[::1] parts  # (s,) of the action that is being priced

    cdef void fill(
        self, const float* context, const float* rows, Py_ssize_t k, double* rewards
    ) noexcept
    cdef double price(self, const float* row) noexcept
