"""Neural-linear Thompson sampling: a net describes the actions, a Bayesian line says their worth.

The line adds to what the net's reward model predicts, if there is one: it learns what that misses.
As in `nba.act.thompson` the posterior is drawn from once, so that a decision's propensity is known.
Source: Riquelme, Tucker, Snoek 2018.
"""

from dataclasses import dataclass

import numpy as np

from nba.act.policy import ActionScorer, check_some_action, one_row, with_floor
from nba.errors import InputError
from nba.types import ActionSet, Bools, Context, Floats, Floats32, RewardModel


@dataclass(frozen=True, slots=True, eq=False)
class NeuralLinear:
    """The share of the drawn heads under which an action is best, and a floor."""

    scorer: ActionScorer  # its hidden layer describes an action; its own scores are not used
    draws: Floats  # (M, h) heads drawn from the posterior, EUR per unit of the hidden layer
    floor: float = 0.0  # share spread evenly over the eligible actions
    name: str = "neural_linear"
    version: str = "unsaved"

    def __post_init__(self) -> None:
        hidden = self.scorer.sizes[2]
        if self.draws.ndim != 2 or self.draws.shape[1] != hidden or not len(self.draws):
            raise InputError(f"draws have shape {self.draws.shape}; (M, {hidden}) is needed")
        if not np.isfinite(self.draws).all():
            raise InputError("draws are not finite everywhere; was the posterior's evidence?")
        if not 0.0 <= self.floor <= 1.0:
            raise InputError(f"floor is {self.floor}; a share in [0, 1] is needed")

    @property
    def reward_model(self) -> RewardModel | None:
        """What an action is predicted to earn by the model that came with the net, in EUR."""
        return self.scorer.reward_model

    def probabilities(self, context: Context, actions: ActionSet) -> Floats:
        """The probability of each action, (k,)."""
        return one_row(self, context, actions)

    def batch_probabilities(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats:
        """(B, d), (B, A, p), (B, A) → (B, A), zero where masked."""
        check_some_action(mask)
        hidden = self.scorer.batch_hidden(context, actions, mask).astype(np.float64)
        known = expected(self.scorer, context, actions)[..., None]
        worth = np.where(mask[..., None], known + hidden @ self.draws.T, -np.inf)  # (B, A, M)
        best = worth.argmax(axis=1)
        share = (best[:, None, :] == np.arange(mask.shape[1])[None, :, None]).mean(axis=2)
        return with_floor(share, mask, self.floor)


def expected(scorer: ActionScorer, context: Floats32, actions: Floats32) -> Floats:
    """What the scorer's reward model predicts, EUR (B, A); zero without one."""
    if scorer.reward_model is None:
        return np.zeros(actions.shape[:2])
    return scorer.reward_model.batch_rewards(context, actions)
