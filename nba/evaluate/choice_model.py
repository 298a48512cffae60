"""Which action gets chosen: logit models over ragged or equal action sets, fitted by L-BFGS.

Sources: McFadden 1974; Liu & Nocedal 1989 (L-BFGS, SciPy's).
"""

from dataclasses import dataclass

import numpy as np

from nba.types import Floats, Ints


@dataclass(frozen=True, slots=True)
class Choices:
    """Terms and choices: one row of terms per action, or (with n_actions) one per decision."""

    terms: Floats  # (m, D); with n_actions (n, D), each action having weights of its own
    offsets: Ints  # (n + 1,)
    chosen: Ints  # (n,)
    n_actions: int = 0  # open in every row; 0 if the sets are ragged

    @property
    def size(self) -> int:
        """How many weights there are."""
        return int(self.terms.shape[1]) * max(1, self.n_actions)

    def take(self, rows: Ints) -> "Choices":
        """The given rows alone."""
        counts = np.diff(self.offsets)[rows]
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        terms = self.terms[rows if self.n_actions else flat_places(self.offsets, rows)]
        return Choices(terms, offsets, self.chosen[rows], self.n_actions)

    def logits(self, weights: Floats) -> Floats:
        """The logit of every action, flat."""
        if not self.n_actions:
            return np.asarray(self.terms @ weights)
        return np.asarray(self.terms @ weights.reshape(-1, self.n_actions)).ravel()

    def gradient(self, excess: Floats) -> Floats:
        """The terms weighted by told minus observed, summed, (size,)."""
        if not self.n_actions:
            return np.asarray(self.terms.T @ excess)
        return np.asarray(self.terms.T @ excess.reshape(-1, self.n_actions)).ravel()


def flat_places(offsets: Ints, rows: Ints) -> Ints:
    """Where the actions of the given rows stand in flat order.

    >>> flat_places(np.array([0, 2, 5]), np.array([1, 0]))
    array([2, 3, 4, 0, 1])
    """
    counts = np.diff(offsets)[rows]
    ends = np.cumsum(counts)
    size = int(ends[-1]) if len(ends) else 0
    return np.repeat(offsets[rows] - ends + counts, counts) + np.arange(size)


def probabilities_of(logits: Floats, offsets: Ints) -> Floats:
    """Softmax within each row's actions, flat.

    >>> probabilities_of(np.zeros(3), np.array([0, 2, 3]))
    array([0.5, 0.5, 1. ])
    """
    counts = np.diff(offsets)
    highest = np.maximum.reduceat(logits, offsets[:-1])
    weight = np.exp(logits - np.repeat(highest, counts))
    return np.asarray(weight / np.repeat(np.add.reduceat(weight, offsets[:-1]), counts))


def fit_choices(choices: Choices, ridge: float) -> Floats:
    """The weights that make the choices most likely, less ridge · squared weights / 2."""
    from scipy.optimize import minimize  # type: ignore[import-untyped]  # scipy ships no types

    taken = choices.offsets[:-1] + choices.chosen

    def loss(weights: Floats) -> tuple[float, Floats]:
        p = probabilities_of(choices.logits(weights), choices.offsets)
        told = -np.log(np.maximum(p[taken], 1e-300)).sum() + 0.5 * ridge * weights @ weights
        p[taken] -= 1.0
        return float(told), choices.gradient(p) + ridge * weights

    found = minimize(
        loss, np.zeros(choices.size), jac=True, method="L-BFGS-B",
        options={"maxiter": 300, "maxcor": 20, "gtol": 1e-5},
    )  # fmt: skip
    return np.asarray(found.x, dtype=np.float64)
