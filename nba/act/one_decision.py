"""Policies for one decision at a time: what depends on the policy alone is worked out beforehand.

This form gives the probabilities of `batch_probabilities` and the predicted rewards, to 1e-6. An
action scorer has it compiled and in Python: the same numbers to the bit on one machine, and between
machines but for the last digits of their C libraries' exp and log1p.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from math import exp
from operator import add
from typing import Final, cast

import numpy as np

from nba.act.explain import reward_model_of
from nba.act.folded_net import cut
from nba.act.policy import ActionScorer
from nba.compiled import compiled
from nba.types import Floats, Floats32, Policy, RewardModel
from nba.understand.in_order import product, sums
from nba.understand.one_reward import OneReward
from nba.understand.reward_model import LinearRewardModel

_ZERO: Final = np.float32(0.0)
_LANES: Final = 16

Rewards = Callable[[Floats32, Floats32], Floats]
# Context (d,) and the eligible actions (k, p) → probabilities (k,) and rewards (k,) in EUR, if the
# policy has a reward model.
OneDecision = Callable[[Floats32, Floats32], tuple[Floats, Floats | None]]


def one_decision(policy: Policy) -> OneDecision:
    """The quick form of a policy; its batch form with one row where there is no quicker one."""
    if isinstance(policy, ActionScorer):
        return _one_score(policy)
    model = reward_model_of(policy)
    rewards = None if model is None else one_reward(model)

    def decide(context: Floats32, actions: Floats32) -> tuple[Floats, Floats | None]:
        everything = np.ones((1, len(actions)), dtype=np.bool_)
        probabilities = policy.batch_probabilities(context[None], actions[None], everything)[0]
        return probabilities, None if rewards is None else rewards(context, actions)

    return decide


def one_reward(model: RewardModel) -> Rewards:
    """The quick form of a reward model."""
    quick = compiled("nba.understand._one_reward")
    if quick is None or not isinstance(model, LinearRewardModel):
        return plain_reward(model)
    try:
        return cast(Rewards, quick.CompiledReward(OneReward.of(model)))
    except ValueError:  # its parts do not fit: the form in Python fails when it is asked
        return plain_reward(model)


def plain_reward(model: RewardModel) -> Rewards:
    """The same in Python."""
    if isinstance(model, LinearRewardModel):
        return OneReward.of(model).rewards
    return lambda context, actions: model.batch_rewards(context[None], actions[None])[0]


def plain_decision(policy: ActionScorer) -> OneDecision:
    """An action scorer's form in Python, which the compiled one is held against."""
    return _OneScore(policy, *_models(policy, plain_reward))


def _one_score(policy: ActionScorer) -> OneDecision:
    quick, models = compiled("nba.act._scorer"), _models(policy, one_reward)
    if quick is None or not quick.takes(*models):
        return _OneScore(policy, *models)
    try:
        return cast(OneDecision, quick.CompiledScorer(policy, *models))
    except ValueError:  # a model of other columns: the form in Python fails when it is asked
        return _OneScore(policy, *models)


def _models(
    policy: ActionScorer, form: Callable[[RewardModel], Rewards]
) -> tuple[Rewards | None, Rewards | None]:
    """A scorer's reward model, and its prior if that is another one, in this form."""
    reward = policy.reward_model
    prior = policy.prior_model if policy.prior_weight != 0.0 else None
    return None if reward is None else form(reward), None if prior is None else form(prior)


@dataclass(frozen=True, slots=True)
class _OneScore:
    """An action scorer with its models, every sum taken in a fixed order."""

    policy: ActionScorer
    reward: Rewards | None
    prior: Rewards | None  # None: it is the reward, or there is none

    def __call__(self, context: Floats32, actions: Floats32) -> tuple[Floats, Floats | None]:
        policy = self.policy
        logits = self._scores(context, actions).astype(np.float64)
        rewards = None if self.reward is None else self.reward(context, actions)
        if policy.prior_weight != 0.0:
            prior = rewards if self.prior is None else self.prior(context, actions)
            assert prior is not None, "a prior weight needs a model: the policy has checked it"
            logits += policy.prior_weight * prior
        logits -= max(logits.tolist())
        logits /= policy.temperature
        weights = np.array([exp(logit) for logit in logits.tolist()])
        weights *= (1.0 - policy.floor) / reduce(add, weights.tolist())
        weights += policy.floor / len(weights)
        return weights, rewards

    def _scores(self, context: Floats32, actions: Floats32) -> Floats32:
        net, k = self.policy.net, len(actions)
        x = cut(context - net.context_mean, *net.context_cut)
        from_context = product(x[None], net.context_weights)[0]
        from_context += net.context_bias
        to_each, to_shared = from_context.reshape(2, -1)
        a = cut(actions - net.action_mean, *net.action_cut)
        each = np.maximum(product(a, net.action_weights) + to_each, _ZERO)
        pooled = sums(each[None]) * np.float32(1.0 / k)
        shared = product(pooled, net.pooled_weights)[0]
        shared += to_shared
        deep = np.maximum(product(each, net.deep_weights) + shared, _ZERO)
        return _weighed(deep * net.score_weights)


def _weighed(terms: Floats32) -> Floats32:
    """The sum of each row, (k, h) → (k,): sixteen sums side by side, then in halves."""
    wide = np.pad(terms, ((0, 0), (0, -terms.shape[1] % _LANES)))
    lanes = sums(wide.reshape(len(wide), -1, _LANES))
    half = _LANES
    while half > 1:
        half //= 2
        lanes = lanes[:, :half] + lanes[:, half:]
    return lanes[:, 0]
