"""Thompson sampling with its propensities: an action is as probable as it is to be the best.

The posterior is drawn from once, when the policy is made: a decision counts in how many of the
draws each action comes out best. So a policy gives probabilities like any other, its draw is made
where all are, and the logged propensity is the one that was used. Drawing weights anew for every
decision, as is usual, leaves the propensity unknown.
Sources: Thompson 1933; Agrawal and Goyal 2013 (linear payoffs); Lu and Van Roy 2017 (ensembles).
"""

from dataclasses import dataclass

import numpy as np

from nba.act.policy import check_some_action, one_row, with_floor
from nba.errors import InputError
from nba.types import ActionSet, Bools, Context, Floats, Floats32
from nba.understand.posterior import flat_terms
from nba.understand.reward_model import LinearRewardModel


@dataclass(frozen=True, slots=True, eq=False)
class Thompson:
    """The share of the posterior's draws in which an action is best, and a floor."""

    model: LinearRewardModel  # the mean: what an action is predicted to earn
    draws: Floats  # (M, G, terms) weights drawn from the posterior
    floor: float = 0.0  # share spread evenly over the eligible actions
    name: str = "thompson"
    version: str = "unsaved"

    def __post_init__(self) -> None:
        basis = self.model.basis
        needed = (basis.n_groups, basis.n_terms)
        if self.draws.ndim != 3 or self.draws.shape[1:] != needed or not len(self.draws):
            raise InputError(
                f"draws have shape {self.draws.shape}; (M, {needed[0]}, {needed[1]}) is needed"
            )
        if not np.isfinite(self.draws).all():
            raise InputError("draws are not finite everywhere; was the posterior's evidence?")
        if not 0.0 <= self.floor <= 1.0:
            raise InputError(f"floor is {self.floor}; a share in [0, 1] is needed")

    @property
    def reward_model(self) -> LinearRewardModel:
        """What an action is predicted to earn, in EUR."""
        return self.model

    def probabilities(self, context: Context, actions: ActionSet) -> Floats:
        """The probability of each action, (k,)."""
        return one_row(self, context, actions)

    def batch_probabilities(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats:
        """(B, d), (B, A, p), (B, A) → (B, A), zero where masked."""
        check_some_action(mask)
        terms, groups = flat_terms(self.model.basis, context, actions, mask)
        flat = np.zeros((len(terms), len(self.draws)))
        for group in range(self.model.basis.n_groups):
            mine = groups[:, group] > 0.0
            flat[mine] = terms[mine] @ self.draws[:, group].T
        worth = np.full((*mask.shape, len(self.draws)), -np.inf)
        worth[mask] = flat
        best = worth.argmax(axis=1)  # (B, M)
        wins = np.zeros(mask.shape)
        np.add.at(wins, (np.arange(len(mask))[:, None], best), 1.0)
        return with_floor(wins / len(self.draws), mask, self.floor)
