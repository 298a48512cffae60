"""The compiled form of an action scorer, for one decision at a time: the same to the bit."""

from libc.math cimport exp

import numpy as np

cdef extern from "nba/act/_layers.h":
    void dense(
        const float* x, long k, long n, const float* w, const float* add, long h, float* out,
        int relu,
    ) noexcept
    void weigh(const float* rows, long k, long h, const float* w, float* scores) noexcept


def takes(*models):
    """Are these the compiled forms of reward models, or None?"""
    return all([model is None or isinstance(model, CompiledReward) for model in models])


cdef class CompiledScorer:
    """Gives probabilities and predicted rewards like any `OneDecision`; of one thread."""

    def __init__(self, policy, CompiledReward reward, CompiledReward prior):
        """Of a `nba.act.policy.ActionScorer` and the compiled forms of its models, if any."""
        net = policy.net
        self.d, self.p, h = policy.sizes
        self.h = _wider(h)
        self.context_mean = _floats(net.context_mean)
        self.context_least, self.context_most = map(_floats, net.context_cut)
        self.context_weights = _wide(net.context_weights.reshape(-1, 2, h)).reshape(self.d, 2 * self.h)
        self.context_bias = _wide(net.context_bias.reshape(2, h)).reshape(-1)
        self.action_mean = _floats(net.action_mean)
        self.action_least, self.action_most = map(_floats, net.action_cut)
        self.action_weights = _wide(net.action_weights)
        self.deep_weights = _square(net.deep_weights)
        self.pooled_weights = _square(net.pooled_weights)
        self.score_weights = _wide(net.score_weights)
        for model in (reward, prior):
            if model is not None and not model.fits(self.d, self.p):
                raise ValueError(f"a reward model of other columns than ({self.d}, {self.p})")
        self.reward, self.prior = reward, prior
        self.prior_weight = policy.prior_weight  # with no prior of its own: of the reward
        self.temperature, self.floor = policy.temperature, policy.floor
        self.x = _empty(self.d)
        self.both, self.pooled, self.shared = _empty(2 * self.h), _empty(self.h), _empty(self.h)
        self._make_room(32)

    @property
    def predicts(self):
        """Does it give predicted rewards?"""
        return self.reward is not None

    def __call__(self, const float[::1] context, const float[:, ::1] actions):
        """Probabilities (k,), and rewards (k,) in EUR or None, of context (d,), actions (k, p)."""
        cdef Py_ssize_t k = actions.shape[0]
        if context.shape[0] != self.d or actions.shape[1] != self.p or k == 0:
            found = f"context ({context.shape[0]},) and actions ({k}, {actions.shape[1]})"
            raise ValueError(f"{found} were given; ({self.d},) and (1 or more, {self.p}) fit")
        probabilities = np.empty(k)
        rewards = np.empty(k) if self.reward is not None else None
        cdef double[::1] shares = probabilities
        cdef double[::1] told = rewards
        cdef double* to = NULL
        if told is not None:
            to = &told[0]
        self.fill(&context[0], &actions[0, 0], k, &shares[0], to)
        return probabilities, rewards

    def _make_room(self, k):
        """Scratch for so many actions."""
        self.a, self.scores = _empty(k * self.p), _empty(k)
        self.each, self.deep = _empty(k * self.h), _empty(k * self.h)
        self.priors = np.empty(k)

    cdef int fill(
        self, const float* context, const float* rows, Py_ssize_t k,
        double* probabilities, double* rewards,
    ) except -1:
        """Probabilities and rewards (k,), k > 0; rewards may be NULL if it predicts none."""
        cdef Py_ssize_t i
        cdef double most, total = 0.0
        cdef const double* prior = rewards
        if k > self.scores.shape[0]:
            self._make_room(2 * k)
        self.score(context, rows, k)
        if self.reward is not None:
            self.reward.fill(context, rows, k, rewards)
        if self.prior is not None:
            self.prior.fill(context, rows, k, &self.priors[0])
            prior = &self.priors[0]
        for i in range(k):
            probabilities[i] = self.scores[i]
            if self.prior_weight != 0.0:
                probabilities[i] += self.prior_weight * prior[i]
        most = probabilities[0]
        for i in range(1, k):
            if probabilities[i] > most:
                most = probabilities[i]
        for i in range(k):
            probabilities[i] = exp((probabilities[i] - most) / self.temperature)
            total += probabilities[i]
        total = (1.0 - self.floor) / total
        for i in range(k):
            probabilities[i] = probabilities[i] * total + self.floor / k
        return 0

    cdef void score(self, const float* context, const float* rows, Py_ssize_t k) noexcept:
        """The net's scores (k,), left in `self.scores`."""
        cdef Py_ssize_t i, row, h = self.h, p = self.p
        cdef float x, share = <float>(1.0 / k)
        cdef float* a = &self.a[0]
        cdef float* each = &self.each[0]
        cdef float* pooled = &self.pooled[0]
        for i in range(self.d):
            self.x[i] = cut(
                context[i] - self.context_mean[i], self.context_least[i], self.context_most[i]
            )
        dense(&self.x[0], 1, self.d, &self.context_weights[0, 0], &self.context_bias[0], 2 * h,
              &self.both[0], 0)
        for row in range(k):
            for i in range(p):
                x = rows[row * p + i] - self.action_mean[i]
                a[row * p + i] = cut(x, self.action_least[i], self.action_most[i])
        dense(a, k, p, &self.action_weights[0, 0], &self.both[0], h, each, 1)
        for i in range(h):
            pooled[i] = 0.0
        for row in range(k):
            for i in range(h):
                pooled[i] += each[row * h + i]
        for i in range(h):
            pooled[i] *= share
        dense(pooled, 1, h, &self.pooled_weights[0, 0], &self.both[h], h, &self.shared[0], 0)
        dense(each, k, h, &self.deep_weights[0, 0], &self.shared[0], h, &self.deep[0], 1)
        weigh(&self.deep[0], k, h, &self.score_weights[0], &self.scores[0])


cdef inline float cut(float value, float least, float most) noexcept:
    """The value within these bounds."""
    value = value if value < most else most
    return value if value > least else least


def _floats(values):
    """A copy as float32 that may be written to."""
    return np.array(values, dtype=np.float32)


def _empty(size):
    return np.empty(size, dtype=np.float32)


def _wide(values):
    """The same with columns of zeros up to a multiple of 16."""
    cdef Py_ssize_t last = values.shape[values.ndim - 1]
    return np.pad(_floats(values), [(0, 0)] * (values.ndim - 1) + [(0, _wider(last) - last)])


def _square(values):
    """The same with rows and columns of zeros up to a multiple of 16."""
    cdef Py_ssize_t missing = _wider(len(values)) - len(values)
    return np.pad(_floats(values), [(0, missing), (0, missing)])


cdef Py_ssize_t _wider(Py_ssize_t size) noexcept:
    """The next multiple of 16."""
    return (size + 15) // 16 * 16
