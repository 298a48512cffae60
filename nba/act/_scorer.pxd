"""What other compiled modules may ask of a scorer."""

from nba.understand._one_reward cimport CompiledReward


cdef class CompiledScorer:
    cdef Py_ssize_t d, p, h  # h: rounded up to a multiple of 16
    cdef float[::1] context_mean, context_least, context_most  # (d,)
    cdef float[:, ::1] context_weights  # (d, 2h)
    cdef float[::1] context_bias  # (2h,)
    cdef float[::1] action_mean, action_least, action_most  # (p,)
    cdef float[:, ::1] action_weights  # (p, h)
    cdef float[:, ::1] deep_weights, pooled_weights  # (h, h)
    cdef float[::1] score_weights  # (h,)
    cdef CompiledReward reward  # or None
    cdef CompiledReward prior  # or None: it is the reward, or there is none
    cdef double prior_weight, temperature, floor
    cdef float[::1] x, both, pooled, shared  # scratch: (d,), (2h,), (h,), (h,)
    cdef float[::1] a, each, deep, scores  # scratch: (k, p), (k, h), (k, h), (k,)
    cdef double[::1] priors  # scratch: (k,)

    cdef int fill(
        self, const float* context, const float* rows, Py_ssize_t k,
        double* probabilities, double* rewards,
    ) except -1
    cdef void score(self, const float* context, const float* rows, Py_ssize_t k) noexcept
