"""Greedy: the action with the largest predicted reward, blind to what it costs later."""

from dataclasses import dataclass

from nba.act.policy import best_of, one_row, with_floor
from nba.errors import InputError
from nba.types import ActionSet, Bools, Context, Floats, Floats32, RewardModel


@dataclass(frozen=True, slots=True, eq=False)
class Greedy:
    """All mass but a floor on the largest predicted reward; equals: the first in the set's order.

    With a floor it is epsilon-greedy (Sutton and Barto 2018, section 2.2), in one policy file.
    """

    reward_model: RewardModel
    floor: float = 0.0  # share spread evenly over the eligible actions
    name: str = "greedy"
    version: str = "unsaved"

    def __post_init__(self) -> None:
        if not 0.0 <= self.floor <= 1.0:
            raise InputError(f"floor is {self.floor}; a share in [0, 1] is needed")

    def probabilities(self, context: Context, actions: ActionSet) -> Floats:
        """The probability of each action, (k,)."""
        return one_row(self, context, actions)

    def batch_probabilities(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats:
        """(B, d), (B, A, p), (B, A) → (B, A), zero where masked."""
        best = best_of(self.reward_model.batch_rewards(context, actions), mask)
        return with_floor(best, mask, self.floor)
