"""Closed-form ridge regression from Gram matrices that add up over blocks, parts and folds.

Every group of action kinds shares a common weight row and has a deviation from it; both are
penalised, so a kind that was seldom tried is predicted like the others (partial pooling).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from nba.listen.blocks import chosen_flat
from nba.types import DecisionLog, Floats, Ints
from nba.understand.basis import Basis

# Rows of evidence that a weight has to outweigh: a kind that was tried less often than this is
# predicted like the others. 100 to 400 did best on held-out simulated days with real noise.
RIDGE: Final = 200.0
_BLOCK: Final = 8192


@dataclass(frozen=True, slots=True)
class Gram:
    """Sums of squares per group: all that a ridge regression needs to know of its rows."""

    terms: Floats  # (G, terms, terms) Σ z zᵀ
    rewards: Floats  # (G, terms) Σ z r

    @classmethod
    def sum_of(cls, grams: Iterable["Gram"]) -> "Gram":
        """One Gram of all the rows together."""
        listed = list(grams)
        return cls(
            np.sum([gram.terms for gram in listed], axis=0),
            np.sum([gram.rewards for gram in listed], axis=0),
        )

    def without(self, part: "Gram") -> "Gram":
        """The Gram of the rows that are not in `part`."""
        return Gram(self.terms - part.terms, self.rewards - part.rewards)


def gram_of_rows(basis: Basis, log: DecisionLog, rows: Ints) -> Gram:
    """The sums over the chosen actions of the given rows, in blocks of bounded memory."""
    total = Gram(
        np.zeros((basis.n_groups, basis.n_terms, basis.n_terms)),
        np.zeros((basis.n_groups, basis.n_terms)),
    )
    chosen = chosen_flat(log)
    for start in range(0, len(rows), _BLOCK):
        part = rows[start : start + _BLOCK]
        actions = log.actions[chosen[part]]
        terms = basis.terms(log.context[part], actions)
        kinds = basis.kinds(actions)
        for group in range(basis.n_groups):
            mine = kinds[:, group] > 0
            z = terms[mine]
            total.terms[group] += z.T @ z
            total.rewards[group] += log.reward[part[mine]] @ z
    return total


def solve(gram: Gram, ridge: float) -> Floats:
    """The weights (G, terms) that minimise squared error plus ridge · squared weights.

    The common intercept is not penalised: with a huge ridge every prediction is the mean reward.
    """
    n_groups, n_terms = gram.rewards.shape
    right = np.concatenate([gram.rewards.sum(axis=0), gram.rewards.ravel()])
    solution = np.linalg.solve(normal_matrix(gram, ridge), right).reshape(1 + n_groups, n_terms)
    return np.asarray(solution[0] + solution[1:])


def normal_matrix(gram: Gram, ridge: float) -> Floats:
    """The left side of the penalised normal equations: the common row, then each group's own.

    ((1 + G) · terms)², symmetric and positive definite: in units of the noise's variance it is the
    precision of the weights' posterior.
    """
    n_groups, n_terms = gram.rewards.shape
    common = gram.terms.sum(axis=0)
    size = n_terms * (1 + n_groups)
    left = np.zeros((size, size))
    left[:n_terms, :n_terms] = common
    for group in range(n_groups):
        own = slice(n_terms * (1 + group), n_terms * (2 + group))
        left[own, own] = gram.terms[group]
        left[:n_terms, own] = gram.terms[group]
        left[own, :n_terms] = gram.terms[group]
    penalty = np.full(size, ridge)
    penalty[0] = 1e-9 * max(1.0, float(common[0, 0]))  # keeps the system solvable, nothing more
    left[np.arange(size), np.arange(size)] += penalty
    return left
