"""Policies for one decision at a time: what depends on the policy alone is worked out beforehand.

A quick form gives the probabilities of `batch_probabilities` and the predicted rewards, to 1e-6.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np

from nba.act.explain import reward_model_of
from nba.act.folded_net import cut
from nba.act.policy import ActionScorer
from nba.types import Floats, Floats32, Policy, RewardModel
from nba.understand.one_reward import OneReward
from nba.understand.reward_model import LinearRewardModel

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
class _OneScore:
    """An action scorer with its models."""

    policy: ActionScorer
    reward: Rewards | None
    prior: Rewards | None  # None: it is the reward, or there is none

    @classmethod
    def of(cls, policy: ActionScorer) -> Self:
        own_prior = policy.prior_weight != 0.0 and policy.prior_model is not None
        return cls(
            policy=policy,
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
        net = self.policy.net
        sized = net.sized(len(actions))
        x = cut(context - net.context_mean, *net.context_cut)
        from_context = x.dot(net.context_weights)
        from_context += net.context_bias
        to_each, to_shared = from_context.reshape(2, -1)
        each = cut(actions - sized.mean, sized.least, sized.most).dot(net.action_weights)
        each += to_each
        np.maximum(each, sized.zeros, out=each)
        pooled = sized.share.dot(each)
        shared = pooled.dot(net.pooled_weights)
        shared += to_shared
        deep = each.dot(net.deep_weights)
        deep += shared
        np.maximum(deep, sized.zeros, out=deep)
        return np.asarray(deep.dot(net.score_weights))
