"""What each outcome component is expected to be, from the same regression as the reward.

A ridge regression is linear in what it predicts: the reward model of any objective is the sum of
its components' models, weighted. So the weights can be changed after learning, by whoever asks.
Sources: Hoerl & Kennard 1970; Bishop 2006, section 3.3 (the spread of a prediction).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nba.errors import InputError
from nba.listen.blocks import chosen_flat
from nba.types import DecisionLog, Floats, Floats32, Ints
from nba.understand.basis import Basis
from nba.understand.fit import Gram, normal_matrix

_BLOCK = 8192


@dataclass(frozen=True, slots=True)
class ComponentModel:
    """A weight row per component and group of action kinds; the groups' spread is shared."""

    names: tuple[str, ...]  # (C,)
    weights: Floats  # (C, G, terms), in the component's unit per unit of the term
    noise: Floats  # (C,) variance of a single outcome around its expectation
    factors: Floats  # (G, terms, terms): a group's covariance is noise · factor · factorᵀ

    def __post_init__(self) -> None:
        c, (g, t) = len(self.names), self.weights.shape[1:]
        if (self.weights.shape[0], self.noise.shape, self.factors.shape) != (c, (c,), (g, t, t)):
            raise InputError(
                f"the component model has {c} names and arrays of shapes {self.weights.shape}, "
                f"{self.noise.shape} and {self.factors.shape}, which do not fit together"
            )

    def change(self, by: Mapping[str, float]) -> Floats:
        """What is added to the reward's weights, (G, terms), if a component is worth so much more.

        Raises InputError for a component that was not learned.
        """
        unknown = [name for name in by if name not in self.names]
        if unknown:
            raise InputError(
                f"no component {unknown[0]!r} was learned; there are {', '.join(self.names)}"
            )
        each = np.array([by.get(name, 0.0) for name in self.names])
        return np.asarray(np.einsum("c,cgt->gt", each, self.weights))

    def expected(
        self, basis: Basis, context: Floats32, action: Floats32
    ) -> dict[str, tuple[float, float]]:
        """Component → expectation and its standard error, of one action: (d,), (p,)."""
        terms = basis.terms(context[None], action[None])[0]
        group = int(np.argmax(basis.kinds(action[None])[0]))
        means = self.weights[:, group] @ terms
        spread = float(np.square(terms @ self.factors[group]).sum())
        errors = np.sqrt(self.noise * spread)
        found = zip(self.names, means.tolist(), errors.tolist(), strict=True)
        return {name: (mean, error) for name, mean, error in found}

    def tensors(self) -> dict[str, Floats]:
        """The model as named float arrays; `from_tensors` restores it."""
        text = np.frombuffer("\n".join(self.names).encode(), dtype=np.uint8).astype(np.float64)
        return {
            "component_names": text,
            "component_weights": self.weights,
            "component_noise": self.noise,
            "component_factors": self.factors,
        }

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Floats]) -> "ComponentModel | None":
        """The model among named arrays; None if it is not there."""
        if "component_names" not in tensors:
            return None
        text = np.asarray(tensors["component_names"]).astype(np.uint8).tobytes().decode()
        weights, noise, factors = (
            np.asarray(tensors[f"component_{name}"], dtype=np.float64)
            for name in ("weights", "noise", "factors")
        )
        return cls(tuple(text.split("\n")), weights, noise, factors)


def fit_components(
    basis: Basis, log: DecisionLog, rows: Ints, gram: Gram, *, ridge: float
) -> ComponentModel | None:
    """The model of every component that all of these rows have; None if there is none.

    `gram` are the sums over the same rows.
    """
    names = [name for name, value in log.outcomes.items() if not np.isnan(value[rows]).any()]
    if not names:
        return None
    targets = np.stack([log.outcomes[name][rows] for name in names])  # (C, n)
    sums = _sums(basis, log, rows, targets)
    n_groups, n_terms = gram.rewards.shape
    covariance = np.asarray(np.linalg.inv(normal_matrix(gram, ridge)), dtype=np.float64)
    right = np.concatenate([sums.sum(axis=1), sums.reshape(len(names), -1)], axis=1)
    solution = (right @ covariance).reshape(len(names), 1 + n_groups, n_terms)
    weights = solution[:, :1] + solution[:, 1:]
    fitted = np.einsum("cgi,gij,cgj->c", weights, gram.terms, weights)
    squares = np.square(targets).sum(axis=1) - 2.0 * (weights * sums).sum(axis=(1, 2)) + fitted
    noise = np.maximum(squares, 0.0) / max(1, len(rows))
    return ComponentModel(
        tuple(names), weights, noise, group_factors(covariance, n_groups, n_terms)
    )


def _sums(basis: Basis, log: DecisionLog, rows: Ints, targets: Floats) -> Floats:
    """Σ z y per component and group, (C, G, terms)."""
    chosen = chosen_flat(log)
    total = np.zeros((len(targets), basis.n_groups, basis.n_terms))
    for start in range(0, len(rows), _BLOCK):
        part = slice(start, start + _BLOCK)
        actions = log.actions[chosen[rows[part]]]
        terms = basis.terms(log.context[rows[part]], actions)
        kinds = basis.kinds(actions)
        for group in range(basis.n_groups):
            mine = kinds[:, group] > 0
            total[:, group] += targets[:, part][:, mine] @ terms[mine]
    return total


def group_factors(covariance: Floats, n_groups: int, n_terms: int) -> Floats:
    """Per group a factor of the covariance of the common row plus its own."""
    common = slice(0, n_terms)
    found = np.empty((n_groups, n_terms, n_terms))
    for group in range(n_groups):
        own = slice(n_terms * (1 + group), n_terms * (2 + group))
        cross = covariance[common, own]
        found[group] = _square_root(
            covariance[common, common] + covariance[own, own] + cross + cross.T
        )
    return found


def _square_root(covariance: Floats) -> Floats:
    """A matrix whose square is the covariance, also where rounding left it not quite positive."""
    values, vectors = np.linalg.eigh(0.5 * (covariance + covariance.T))
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))
