"""Softmax: better actions are more probable, and every eligible one keeps a floor."""

from dataclasses import dataclass

import numpy as np

from nba.act.policy import masked_softmax, one_row, with_floor
from nba.errors import InputError
from nba.types import ActionSet, Bools, Context, Floats, Floats32, Policy, RewardModel


@dataclass(frozen=True, slots=True, eq=False)
class Softmax:
    """Softmax of predicted rewards / temperature (EUR), or of a policy's log-probabilities."""

    source: RewardModel | Policy
    temperature: float  # EUR for a reward model; for a policy 1 leaves it as it is
    floor: float = 0.0  # share spread evenly over the eligible actions
    name: str = "softmax"
    version: str = "unsaved"

    def __post_init__(self) -> None:
        if not (np.isfinite(self.temperature) and self.temperature > 0.0):
            raise InputError(f"temperature is {self.temperature}; a number above 0 is needed")
        if not 0.0 <= self.floor <= 1.0:
            raise InputError(f"floor is {self.floor}; a share in [0, 1] is needed")

    def probabilities(self, context: Context, actions: ActionSet) -> Floats:
        """The probability of each action, (k,)."""
        return one_row(self, context, actions)

    def batch_probabilities(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats:
        """(B, d), (B, A, p), (B, A) → (B, A), zero where masked."""
        if isinstance(self.source, RewardModel):
            values = self.source.batch_rewards(context, actions)
        else:
            inner = self.source.batch_probabilities(context, actions, mask)
            values = np.log(inner, out=np.full(inner.shape, -np.inf), where=inner > 0.0)
        return with_floor(masked_softmax(values / self.temperature, mask), mask, self.floor)
