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
        distribution = self.get_distribution(obs, action_masks)
        actions = distribution.get_actions(deterministic=deterministic)
        return actions, self.predict_values(obs), distribution.log_prob(actions)

    def evaluate_actions(  # type: ignore[override]  # as above
        self,
        obs: Observation,
        actions: th.Tensor,
        action_masks: th.Tensor | None = None,
    ) -> tuple[th.Tensor, th.Tensor, th.Tensor | None]:
        """Values, log-probabilities of the actions, and entropy."""
        distribution = self.get_distribution(obs, action_masks)
        return self.predict_values(obs), distribution.log_prob(actions), distribution.entropy()

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
        mask, actions = obs["mask"], obs["actions"]
        mean = (_shares(mask)[:, None] @ actions)[:, 0]
        largest = (actions - 100.0 * (1.0 - mask[..., None])).amax(dim=1)
        value: th.Tensor = self.critic(th.cat([obs["context"], mean, largest], dim=1))
        return value

    def logits(self, obs: Observation) -> th.Tensor:
        """The net's scores plus the weighted prior, (B, A)."""
        x, a = obs["context"], obs["actions"]
        each = th.relu((x @ self.W_xe + self.b_e)[:, None] + a @ self.W_ae)
        pooled = (_shares(obs["mask"])[:, None] @ each)[:, 0]
        shared = (pooled @ self.W_gu + x @ self.W_xu + self.b_u)[:, None]
        scores: th.Tensor = th.relu(each @ self.W_eu + shared) @ self.w_score
        return scores + self.prior_weight * obs["prior"]

    def _build(self, lr_schedule: Schedule) -> None:
        assert isinstance(self.observation_space, spaces.Dict)
        d = _width(self.observation_space, "context")
        p = _width(self.observation_space, "actions")
        h = self.hidden
        self.W_xe, self.W_ae = _weights(d, h), _weights(p, h)
        self.W_eu, self.W_gu, self.W_xu = _weights(h, h), _weights(h, h), _weights(d, h)
        self.b_e, self.b_u, self.w_score = (nn.Parameter(th.zeros(h)) for _ in range(3))
        self.critic = nn.Sequential(
            nn.Linear(d + 2 * p, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1)
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


def _shares(mask: th.Tensor) -> th.Tensor:
    """Rows that average over the legal actions."""
    return mask / mask.sum(dim=1, keepdim=True)
