"""The compiled form of `nba.understand.one_reward`: the same sums in the same order, to the bit."""

from libc.math cimport log1p

import numpy as np

cdef double _CUT = 5.0
cdef double _LOG_SCALE = 4.0


cdef class CompiledReward:
    """A linear reward model for one decision at a time; of one thread."""

    def __init__(self, one):
        """Of a `nba.understand.one_reward.OneReward`."""
        self.s, self.g = len(one.columns), one.n_groups
        self.columns = np.array(one.columns, dtype=np.intp)
        self.low, self.high = np.array(one.low), np.array(one.high)
        self.shift, self.scale = np.array(one.shift), np.array(one.scale)
        self.logs = np.array(one.logs, dtype=np.intp)
        self.products = np.array(one.products, dtype=np.intp).reshape(-1, 2)
        self.context_mean, self.context_std = np.array(one.context_mean), np.array(one.context_std)
        self.form, self.constant = np.array(one.form), np.array(one.constant)
        self.groups = np.array(one.groups)
        check(one)
        self.weights = np.empty((1 + self.s) * self.g)
        self.parts = np.empty(self.s)

    def fits(self, Py_ssize_t d, Py_ssize_t p):
        """Is it a model of so many context and action columns?"""
        return self.form.shape[0] == d and self.groups.shape[0] == p

    def __call__(self, const float[::1] context, const float[:, ::1] actions):
        """Expected reward in EUR of each action, (d,), (k, p) → (k,)."""
        d, p = self.form.shape[0], self.groups.shape[0]
        if context.shape[0] != d or actions.shape[1] != p:
            found = f"{context.shape[0]} context and {actions.shape[1]} action columns"
            raise ValueError(f"{found}; this model has {d} and {p}")
        rewards = np.empty(actions.shape[0])
        cdef double[::1] to = rewards
        if actions.shape[0]:
            self.fill(&context[0], &actions[0, 0], actions.shape[0], &to[0])
        return rewards

    cdef void fill(
        self, const float* context, const float* rows, Py_ssize_t k, double* rewards
    ) noexcept:
        """`rewards` (k,) from `context` (d,) and `rows` (k, p)."""
        cdef Py_ssize_t i, j, n = self.weights.shape[0], d = self.form.shape[0]
        cdef double x
        cdef double* weights = &self.weights[0]
        cdef const double* form
        for j in range(n):
            weights[j] = 0.0
        for i in range(d):
            x = (context[i] - self.context_mean[i]) / self.context_std[i]
            x = x if x < _CUT else _CUT
            x = x if x > -_CUT else -_CUT
            form = &self.form[i, 0]
            for j in range(n):
                weights[j] += x * form[j]
        for j in range(n):
            weights[j] += self.constant[j]
        for i in range(k):
            rewards[i] = self.price(rows + i * self.groups.shape[0])

    cdef double price(self, const float* row) noexcept:
        """The reward of one action (p,), under the weights that its context has made."""
        cdef Py_ssize_t i, c, group, g = self.g
        cdef double value, own, total = 0.0
        cdef double* parts = &self.parts[0]
        cdef double* weights = &self.weights[0]
        for i in range(self.s):
            value = row[self.columns[i]]
            value = value if value > self.low[i] else self.low[i]
            value = value if value < self.high[i] else self.high[i]
            parts[i] = (value - self.shift[i]) / self.scale[i]
        for i in range(self.logs.shape[0]):
            c = self.logs[i]
            parts[c] = log1p(parts[c]) / _LOG_SCALE
        for i in range(self.products.shape[0]):
            parts[self.products[i, 0]] *= parts[self.products[i, 1]]
        for group in range(g):
            own = 1.0
            if self.groups.shape[1]:
                own = 0.0
                for c in range(self.groups.shape[0]):
                    own += row[c] * self.groups[c, group]
                if own == 0.0:
                    continue
            value = 0.0
            for i in range(self.s):
                value += parts[i] * weights[(1 + i) * g + group]
            total += (value + weights[group]) * own
        return total


def check(one):
    """Refuse parts that do not fit each other: what follows does not look at bounds.

    Raises ValueError.
    """
    s, d, (p, kinds) = len(one.columns), len(one.context_mean), one.groups.shape
    width = (1 + s) * one.n_groups
    places = [*one.logs, *[place for pair in one.products for place in pair]]
    if not (
        all(0 <= column < p for column in one.columns)
        and all(0 <= place < s for place in places)
        and {len(part) for part in (one.low, one.high, one.shift, one.scale)} == {s}
        and len(one.context_std) == d and one.form.shape == (d, width)
        and one.constant.shape == (width,) and kinds in (0, one.n_groups)
    ):
        raise ValueError("the reward model's parts do not fit each other; export it again")
