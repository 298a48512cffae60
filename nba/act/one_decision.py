"""Policies for one decision at a time: what depends on the policy alone is worked out beforehand.

A quick form gives the probabilities of `batch_probabilities` and the predicted rewards, to 1e-6.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from nba.act.explain import reward_model_of
from nba.act.policy import CLIP, ActionScorer
from nba.types import Floats, Floats32, Policy, RewardModel
from nba.understand.one_reward import OneReward
from nba.understand.reward_model import LinearRewardModel

_KEPT: Final = 64  # actions; all sizes up to it take a megabyte for a small net

Rewards = Callable[[Floats32, Floats32], Floats]
# Context (d,) and the eligible actions (k, p) → probabilities (k,) and rewards (k,) in EUR, if the
# policy has a reward model.
OneDecision = Callable[[Floats32, Floats32], tuple[Floats, Floats | None]]


def one_decision(policy: Policy) -> OneDecision:
    """The quick form of a policy; its batch form with one row where there is no quicker one."""
    if isinstance(policy, ActionScorer):
        return _OneScore.of(policy).decide
    model = reward_model_of(policy)
    rewards = None if model is None else one_reward(model)

    def decide(context: Floats32, actions: Floats32) -> tuple[Floats, Floats | None]:
        everything = np.ones((1, len(actions)), dtype=np.bool_)
        probabilities = policy.batch_probabilities(context[None], actions[None], everything)[0]
        return probabilities, None if rewards is None else rewards(context, actions)

    return decide


def one_reward(model: RewardModel) -> Rewards:
    """The quick form of a reward model."""
    if isinstance(model, LinearRewardModel):
        return OneReward.of(model).rewards
    return lambda context, actions: model.batch_rewards(context[None], actions[None])[0]


@dataclass(frozen=True, slots=True)
class _Sized:
    """What a score needs in the shape of k actions: numpy is twice as quick without stretching."""

    share: Floats32  # (k,) of 1 / k
    zeros: Floats32  # (k, h)
    mean: Floats32  # (k, p)
    least: Floats32  # (k, p)
    most: Floats32  # (k, p)


@dataclass(frozen=True, slots=True)
class _OneScore:
    """An action scorer whose scales are part of its weights.

    Standardising divides by std and cuts at ±5: cutting at ±5 std and dividing the weights is the
    same. The mean stays where it is: moved into the weights it would cost digits.
    """

    policy: ActionScorer
    context_mean: Floats32  # (d,)
    context_cut: tuple[Floats32, Floats32]  # (d,) least and most
    context_weights: Floats32  # (d, 2h): to the actions' units, and to the shared ones
    context_bias: Floats32  # (2h,)
    action_mean: Floats32  # (p,)
    action_cut: tuple[Floats32, Floats32]  # (p,) least and most
    action_weights: Floats32  # (p, h)
    sized: dict[int, _Sized]  # by k, as they are needed
    reward: Rewards | None
    prior: Rewards | None  # None: it is the reward, or there is none

    @classmethod
    def of(cls, policy: ActionScorer) -> Self:
        w = policy.parameters
        context_weights = np.concatenate([w["W_xe"], w["W_xu"]], axis=1)
        own_prior = policy.prior_weight != 0.0 and policy.prior_model is not None
        return cls(
            policy=policy,
            context_mean=w["context_mean"],
            context_cut=(-CLIP * w["context_std"], CLIP * w["context_std"]),
            context_weights=_over(context_weights, w["context_std"]),
            context_bias=np.concatenate([w["b_e"], w["b_u"]]),
            action_mean=w["action_mean"],
            action_cut=(-CLIP * w["action_std"], CLIP * w["action_std"]),
            action_weights=_over(w["W_ae"], w["action_std"]),
            sized={},
            reward=None if policy.reward_model is None else one_reward(policy.reward_model),
            prior=one_reward(policy.prior_model) if own_prior and policy.prior_model else None,
        )

    def decide(self, context: Floats32, actions: Floats32) -> tuple[Floats, Floats | None]:
        policy = self.policy
        logits = self._scores(context, actions).astype(np.float64)
        rewards = None if self.reward is None else self.reward(context, actions)
        if policy.prior_weight != 0.0:
            prior = rewards if self.prior is None else self.prior(context, actions)
            assert prior is not None, "a prior weight needs a model: the policy has checked it"
            logits += policy.prior_weight * prior
        logits -= max(logits.tolist())
        if policy.temperature != 1.0:
            logits /= policy.temperature
        weights = np.exp(logits, out=logits)
        weights *= (1.0 - policy.floor) / np.add.reduce(weights)
        weights += policy.floor / len(weights)
        return weights, rewards

    def _scores(self, context: Floats32, actions: Floats32) -> Floats32:
        w, k = self.policy.parameters, len(actions)
        sized = self.sized.get(k) or self._of_size(k)
        x = _cut(context - self.context_mean, *self.context_cut)
        from_context = x.dot(self.context_weights)
        from_context += self.context_bias
        to_each, to_shared = from_context.reshape(2, -1)
        each = _cut(actions - sized.mean, sized.least, sized.most).dot(self.action_weights)
        each += to_each
        np.maximum(each, sized.zeros, out=each)
        pooled = sized.share.dot(each)
        shared = pooled.dot(w["W_gu"])
        shared += to_shared
        deep = each.dot(w["W_eu"])
        deep += shared
        np.maximum(deep, sized.zeros, out=deep)
        return np.asarray(deep.dot(w["w_score"]))

    def _of_size(self, k: int) -> _Sized:
        """The arrays for k actions, kept for the sizes where stretching costs more than adding."""
        rows = k if k <= _KEPT else 1
        sized = _Sized(
            np.full(k, 1.0 / k, dtype=np.float32),
            np.zeros((rows, self.policy.sizes[2]), dtype=np.float32),
            np.tile(self.action_mean, (rows, 1)),
            *(np.tile(cut, (rows, 1)) for cut in self.action_cut),
        )
        self.sized[k] = sized
        return sized


def _over(weights: Floats32, std: Floats32) -> Floats32:
    return (weights.astype(np.float64) / std[:, None]).astype(np.float32)


def _cut(values: Floats32, least: Floats32, most: Floats32) -> Floats32:
    np.minimum(values, most, out=values)
    return np.maximum(values, least, out=values)
