"""LinUCB: the action that could be worth most, at the upper end of what is believed of it.

One model for all actions, so that what was learned with one employee holds for the next.
Source: Li et al. 2010 (the shared form), Abbasi-Yadkori et al. 2011.
"""

from dataclasses import dataclass

import numpy as np

from nba.act.policy import best_of, one_row, with_floor
from nba.errors import InputError
from nba.types import ActionSet, Bools, Context, Floats, Floats32
from nba.understand.posterior import LinearPosterior
from nba.understand.reward_model import LinearRewardModel


@dataclass(frozen=True, slots=True, eq=False)
class LinUcb:
    """All mass but a floor on the largest mean + width · standard deviation; ties: the first."""

    posterior: LinearPosterior
    width: float  # standard deviations above the mean; 0 is greedy
    floor: float = 0.0  # share spread evenly over the eligible actions
    name: str = "linucb"
    version: str = "unsaved"

    def __post_init__(self) -> None:
        if not (np.isfinite(self.width) and self.width >= 0.0):
            raise InputError(f"width is {self.width}; a number of at least 0 is needed")
        if not 0.0 <= self.floor <= 1.0:
            raise InputError(f"floor is {self.floor}; a share in [0, 1] is needed")

    @property
    def reward_model(self) -> LinearRewardModel:
        """What an action is predicted to earn, in EUR."""
        return self.posterior.model

    def probabilities(self, context: Context, actions: ActionSet) -> Floats:
        """The probability of each action, (k,)."""
        return one_row(self, context, actions)

    def batch_probabilities(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats:
        """(B, d), (B, A, p), (B, A) → (B, A), zero where masked."""
        mean = self.posterior.model.batch_rewards(context, actions)
        spread = self.posterior.batch_deviations(context, actions, mask)
        return with_floor(best_of(mean + self.width * spread, mask), mask, self.floor)
