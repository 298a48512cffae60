"""SquareCB: an action is the less probable the more it is predicted to earn less than the best.

Sources: Abe and Long 1999; Foster and Rakhlin 2020 (inverse gap weighting, optimal for regression).
"""

from dataclasses import dataclass

import numpy as np

from nba.act.policy import best_of, check_some_action, one_row
from nba.errors import InputError
from nba.types import ActionSet, Bools, Context, Floats, Floats32, RewardModel


@dataclass(frozen=True, slots=True, eq=False)
class SquareCb:
    """1 / (k + γ · gap to the best) for each of the k actions, the rest for the best one."""

    reward_model: RewardModel
    gamma: float  # per EUR: the larger, the less is tried; theory wants it to grow as √rows
    name: str = "squarecb"
    version: str = "unsaved"

    def __post_init__(self) -> None:
        if not (np.isfinite(self.gamma) and self.gamma >= 0.0):
            raise InputError(f"gamma is {self.gamma}; a number of at least 0 is needed")

    def probabilities(self, context: Context, actions: ActionSet) -> Floats:
        """The probability of each action, (k,)."""
        return one_row(self, context, actions)

    def batch_probabilities(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats:
        """(B, d), (B, A, p), (B, A) → (B, A), zero where masked."""
        check_some_action(mask)
        rewards = self.reward_model.batch_rewards(context, actions)
        best = best_of(rewards, mask)
        gap = np.where(mask, rewards, -np.inf).max(axis=1, keepdims=True) - rewards
        others = mask & (best == 0.0)
        count = mask.sum(axis=1, keepdims=True)
        share = np.where(others, 1.0 / (count + self.gamma * np.where(others, gap, 0.0)), 0.0)
        return np.asarray(share + best * (1.0 - share.sum(axis=1, keepdims=True)))
