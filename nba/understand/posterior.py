"""What an action is worth and how sure that is: the linear reward model with its covariance.

The ridge regression of `nba.understand.fit` read as Bayes' rule: a normal prior on the weights,
normal noise, and the evidence in sums that add up, so that a learner can go on where it stopped.
Sources: Bishop 2006, section 3.3 (Bayesian linear regression); Agrawal and Goyal 2013.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nba.errors import InputError
from nba.types import Bools, DecisionLog, Floats, Floats32, Ints
from nba.understand.basis import Basis
from nba.understand.components import group_factors
from nba.understand.fit import Gram, gram_of_rows, normal_matrix, solve
from nba.understand.reward_model import LinearRewardModel


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a Bayesian linear regression needs to know of its rows; evidence adds up."""

    gram: Gram
    squares: float  # Σ r², EUR²
    rows: float  # how many; fewer than were seen when old ones count less

    @classmethod
    def none(cls, basis: Basis) -> "Evidence":
        """No rows yet."""
        shape = (basis.n_groups, basis.n_terms)
        return cls(Gram(np.zeros((*shape, basis.n_terms)), np.zeros(shape)), 0.0, 0.0)

    @classmethod
    def of_rows(cls, basis: Basis, log: DecisionLog, rows: Ints) -> "Evidence":
        """The chosen actions of the given rows, which must have rewards."""
        rewards = log.reward[rows]
        return cls(gram_of_rows(basis, log, rows), float(rewards @ rewards), float(len(rows)))

    def plus(self, more: "Evidence", *, keep: float = 1.0) -> "Evidence":
        """Both; what is here counts for a share `keep` from now on, which forgets a drifted world.

        >>> basis_free = Gram(np.ones((1, 1, 1)), np.ones((1, 1)))
        >>> Evidence(basis_free, 1.0, 4.0).plus(Evidence(basis_free, 1.0, 1.0), keep=0.5).rows
        3.0
        """
        gram = Gram(
            keep * self.gram.terms + more.gram.terms, keep * self.gram.rewards + more.gram.rewards
        )
        return Evidence(gram, keep * self.squares + more.squares, keep * self.rows + more.rows)


@dataclass(frozen=True, slots=True)
class LinearPosterior:
    """The mean of the weights, and per group a factor of their covariance."""

    model: LinearRewardModel  # of the mean weights
    factors: Floats  # (G, terms, terms), EUR: a group's covariance is factor · factorᵀ

    def __post_init__(self) -> None:
        basis = self.model.basis
        needed = (basis.n_groups, basis.n_terms, basis.n_terms)
        if self.factors.shape != needed or not np.isfinite(self.factors).all():
            raise InputError(
                f"posterior factors have shape {self.factors.shape}; {needed} finite numbers are "
                "needed"
            )

    def batch_deviations(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats:
        """The standard deviation of each unmasked action's expected reward, EUR, (B, A)."""
        found = np.zeros(mask.shape)
        terms, groups = flat_terms(self.model.basis, context, actions, mask)
        spread = np.zeros(len(terms))
        for group, factor in enumerate(self.factors):
            mine = groups[:, group] > 0.0
            spread[mine] = np.sqrt(np.square(terms[mine] @ factor).sum(axis=1))
        found[mask] = spread
        return found

    def draws(self, n: int, rng: np.random.Generator) -> Floats:
        """Weights drawn from the posterior, (n, G, terms); groups are drawn by themselves.

        What groups share makes their errors alike, which drawing them apart leaves out: a little
        more exploration between kinds than the joint posterior asks for.
        """
        basis = self.model.basis
        luck = rng.normal(size=(n, basis.n_groups, basis.n_terms))
        return np.asarray(self.model.weights + np.einsum("gij,ngj->ngi", self.factors, luck))

    def tensors(self) -> dict[str, Floats]:
        """The posterior as named float arrays; `from_tensors` restores it."""
        return {**self.model.tensors(), "factors": self.factors}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Floats]) -> "LinearPosterior":
        """The posterior that `tensors` described; InputError names a tensor that is absent."""
        if "factors" not in tensors:
            raise InputError("the posterior has no tensor 'factors'; export it again")
        factors = np.asarray(tensors["factors"], dtype=np.float64)
        return cls(LinearRewardModel.from_tensors(tensors), factors)


def posterior(basis: Basis, evidence: Evidence, *, ridge: float) -> LinearPosterior:
    """The posterior after the evidence, with the noise's variance that the residuals show.

    `ridge` is the prior's weight in rows of evidence. The mean is the ridge regression's solution.
    """
    gram = evidence.gram
    weights = solve(gram, ridge)
    n_groups, n_terms = gram.rewards.shape
    covariance = np.asarray(np.linalg.inv(normal_matrix(gram, ridge)), dtype=np.float64)
    noise = noise_variance(evidence, weights)
    factors = np.sqrt(noise) * group_factors(covariance, n_groups, n_terms)
    return LinearPosterior(LinearRewardModel(basis, weights), factors)


def noise_variance(evidence: Evidence, weights: Floats) -> float:
    """The mean squared residual of the rows under these weights, EUR²."""
    gram = evidence.gram
    fitted = np.einsum("gi,gij,gj->", weights, gram.terms, weights)
    explained = 2.0 * float((weights * gram.rewards).sum()) - float(fitted)
    return max(evidence.squares - explained, 0.0) / max(evidence.rows, 1.0)


def flat_terms(
    basis: Basis, context: Floats32, actions: Floats32, mask: Bools
) -> tuple[Floats, Floats]:
    """Terms (u, terms) and groups (u, G) of the u unmasked actions, row by row."""
    rows = np.nonzero(mask)[0]
    legal = actions[mask]
    return basis.terms(context[rows], legal), basis.kinds(legal)


def rewarded_rows(log: DecisionLog) -> Ints:
    """The rows whose reward is known."""
    return np.flatnonzero(~np.isnan(log.reward))
