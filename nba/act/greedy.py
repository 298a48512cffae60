"""Greedy: the action with the largest predicted reward, blind to what it costs later."""

from dataclasses import dataclass

from nba.act.policy import best_of, one_row
from nba.types import ActionSet, Bools, Context, Floats, Floats32, RewardModel


@dataclass(frozen=True, slots=True, eq=False)
class Greedy:
    """All mass on the largest predicted reward; equals: the first in the set's order."""

    reward_model: RewardModel
    name: str = "greedy"
    version: str = "unsaved"

    def probabilities(self, context: Context, actions: ActionSet) -> Floats:
        """The probability of each action, (k,)."""
        return one_row(self, context, actions)

    def batch_probabilities(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats:
        """(B, d), (B, A, p), (B, A) → (B, A), zero where masked."""
        return best_of(self.reward_model.batch_rewards(context, actions), mask)
