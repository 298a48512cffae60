"""The action scorer in torch, as a policy of sb3-contrib's MaskablePPO.

The net is the one that `nba.act.policy.ActionScorer` computes in numpy; inputs come standardised
from `experiments.vec_env`. Its last layer starts at zero, so training starts from the prior.
Source: Zaheer et al. 2017 (Deep Sets).
"""

from typing import Any, Final

import numpy as np
import torch as th
from gymnasium import spaces
from sb3_contrib.common.maskable.distributions import MaskableDistribution
from sb3_contrib.common.maskable.policies import MaskableMultiInputActorCriticPolicy
from stable_baselines3.common.type_aliases import PyTorchObs, Schedule
from torch import nn

NET_PARAMETERS: Final = ("W_xe", "W_ae", "b_e", "W_eu", "W_gu", "W_xu", "b_u", "w_score")
_NEVER: Final = -1e8  # the logit of an illegal action, as sb3-contrib has it
Observation = dict[str, th.Tensor]


class ActionScorerPolicy(MaskableMultiInputActorCriticPolicy):
    """Scores every action with one shared net; a small net on pooled features gives the value."""

    def __init__(
        self,
        observation_space: spaces.Dict,
        action_space: spaces.Space[Any],
        lr_schedule: Schedule,
        *,
        hidden: int = 32,
        prior_weight: float = 1.0,
        **kwargs: Any,  # noqa: ANN401 passed on to the library as they come
    ) -> None:
        self.hidden = hidden
        self.prior_weight = prior_weight
        super().__init__(observation_space, action_space, lr_schedule, **kwargs)

    def forward(  # type: ignore[override]  # observations are always a dict here
        self,
        obs: Observation,
        deterministic: bool = False,
        action_masks: np.ndarray[Any, Any] | None = None,
    ) -> tuple[th.Tensor, th.Tensor, th.Tensor]:
        """Actions, values and log-probabilities."""
        shares = self._log_shares(obs, action_masks)
        if deterministic:
            actions = shares.argmax(dim=1)
        else:
            actions = th.multinomial(shares.exp(), 1)[:, 0]
        return actions, self.predict_values(obs), _at(shares, actions)

    def evaluate_actions(  # type: ignore[override]  # as above
        self,
        obs: Observation,
        actions: th.Tensor,
        action_masks: th.Tensor | None = None,
    ) -> tuple[th.Tensor, th.Tensor, th.Tensor | None]:
        """Values, log-probabilities of the actions, and entropy."""
        shares = self._log_shares(obs, action_masks)
        # Where an action is illegal its share is zero, and so is its part of the entropy.
        entropy = -(shares.exp() * shares).sum(dim=1)
        return self.predict_values(obs), _at(shares, actions), entropy

    def get_distribution(  # type: ignore[override]  # as above
        self,
        obs: Observation,
        action_masks: np.ndarray[Any, Any] | th.Tensor | None = None,
    ) -> MaskableDistribution:
        """The masked softmax over the logits."""
        distribution = self.action_dist.proba_distribution(action_logits=self.logits(obs))
        distribution.apply_masking(obs["mask"] if action_masks is None else action_masks)
        return distribution

    def predict_values(self, obs: PyTorchObs) -> th.Tensor:
        """The value of each situation, (B, 1)."""
        assert isinstance(obs, dict)
        value: th.Tensor = self.critic(th.cat([obs["context"], obs["pooled"]], dim=1))
        return value

    def logits(self, obs: Observation) -> th.Tensor:
        """The net's scores plus the weighted prior, (B, A); zero where an action is illegal.

        Only the rows of legal actions are computed, one after the other: four in ten of the places
        are empty.
        """
        x, mask = obs["context"], obs["mask"]
        places = mask.flatten().nonzero()[:, 0]
        situation = places // mask.shape[1]
        rows = obs["actions"].flatten(0, 1).index_select(0, places)
        each = th.relu((x @ self.W_xe + self.b_e).index_select(0, situation) + rows @ self.W_ae)
        pooled = th.zeros_like(x[:, :1]).expand(-1, self.hidden).index_add(0, situation, each)
        pooled = pooled / mask.sum(dim=1, keepdim=True)
        shared = pooled @ self.W_gu + x @ self.W_xu + self.b_u
        scores = th.relu(each @ self.W_eu + shared.index_select(0, situation)) @ self.w_score
        scores = scores + self.prior_weight * obs["prior"].flatten().index_select(0, places)
        nothing = th.zeros(mask.numel(), dtype=scores.dtype)
        return nothing.index_put((places,), scores).view_as(mask)

    def _log_shares(
        self, obs: Observation, action_masks: np.ndarray[Any, Any] | th.Tensor | None
    ) -> th.Tensor:
        """Logarithms of the probabilities, (B, A), very small where an action is illegal."""
        mask = obs["mask"] if action_masks is None else th.as_tensor(action_masks)
        return th.log_softmax(self.logits(obs).masked_fill(mask == 0, _NEVER), dim=1)

    def _build(self, lr_schedule: Schedule) -> None:
        assert isinstance(self.observation_space, spaces.Dict)
        d = _width(self.observation_space, "context")
        p = _width(self.observation_space, "actions")
        pooled = _width(self.observation_space, "pooled")
        h = self.hidden
        self.W_xe, self.W_ae = _weights(d, h), _weights(p, h)
        self.W_eu, self.W_gu, self.W_xu = _weights(h, h), _weights(h, h), _weights(d, h)
        self.b_e, self.b_u, self.w_score = (nn.Parameter(th.zeros(h)) for _ in range(3))
        self.critic = nn.Sequential(
            nn.Linear(d + pooled, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1)
        )
        options = {"lr": lr_schedule(1), **self.optimizer_kwargs}
        self.optimizer = self.optimizer_class(self.parameters(), **options)

    def _get_constructor_parameters(self) -> dict[str, Any]:
        own = {"hidden": self.hidden, "prior_weight": self.prior_weight}
        return {**super()._get_constructor_parameters(), **own}


def _width(space: spaces.Dict, name: str) -> int:
    shape = space[name].shape
    assert shape is not None
    return int(shape[-1])


def _weights(rows: int, columns: int) -> nn.Parameter:
    weights = th.empty(rows, columns)
    nn.init.orthogonal_(weights, 2**0.5)
    return nn.Parameter(weights)


def _at(rows: th.Tensor, places: th.Tensor) -> th.Tensor:
    """One entry of each row, (B,)."""
    return rows.gather(1, places.long()[:, None])[:, 0]
