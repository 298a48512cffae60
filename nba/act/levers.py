"""Levers: the same policy under other weights of the outcome components, without learning anew.

What a component is worth more or less is added to the reward that the policy predicts, and to the
index it starts from. A net that was trained under the old weights keeps its own part of the score.
"""

from collections.abc import Mapping
from dataclasses import replace

from nba.act.greedy import Greedy
from nba.act.index_rule import IndexRule
from nba.act.linucb import LinUcb
from nba.act.policy import ActionScorer
from nba.act.softmax import Softmax
from nba.act.squarecb import SquareCb
from nba.act.thompson import Thompson
from nba.errors import InputError
from nba.listen.objective import Objective
from nba.types import Floats, Policy, RewardModel
from nba.understand.components import ComponentModel
from nba.understand.reward_model import LinearRewardModel


def with_levers(policy: Policy, objective: Objective, levers: Mapping[str, float]) -> Policy:
    """The policy where these components are worth that many EUR per unit, the others as before.

    Raises InputError for an unknown component, or a policy that has not learned components.
    """
    objective.with_levers(levers)
    components = components_of(policy)
    if components is None:
        raise InputError(
            f"policy {policy.name!r} has learned no outcome components, so its objective cannot "
            "be changed; train it on a log with outcomes, or send no levers"
        )
    change = components.change({n: v - objective.weights[n] for n, v in levers.items()})
    return _changed(policy, change)


def components_of(policy: Policy) -> ComponentModel | None:
    """What a policy has learned of the outcome components, if anything."""
    model = model_of(policy)
    return None if model is None else model.components


def model_of(policy: Policy) -> LinearRewardModel | None:
    """The linear model that a policy decides with, if it has one."""
    found: object = None
    if isinstance(policy, Softmax):
        found = policy.source
    elif isinstance(policy, LinUcb):
        found = policy.posterior.model
    elif isinstance(policy, Thompson):
        found = policy.model
    elif isinstance(policy, ActionScorer | Greedy | IndexRule | SquareCb):
        found = policy.reward_model
    return found if isinstance(found, LinearRewardModel) else None


def _changed(policy: Policy, change: Floats) -> Policy:
    if isinstance(policy, ActionScorer):
        prior = None if policy.prior_model is None else _plus(policy.prior_model, change)
        reward = None if policy.reward_model is None else _plus(policy.reward_model, change)
        return replace(policy, reward_model=reward, prior_model=prior)
    if isinstance(policy, Softmax):
        assert isinstance(policy.source, LinearRewardModel)
        return replace(policy, source=_plus(policy.source, change))
    if isinstance(policy, LinUcb):
        posterior = replace(policy.posterior, model=_plus(policy.posterior.model, change))
        return replace(policy, posterior=posterior)
    if isinstance(policy, Thompson):
        return replace(policy, model=_plus(policy.model, change), draws=policy.draws + change)
    assert isinstance(policy, Greedy | IndexRule | SquareCb)
    return replace(policy, reward_model=_plus(policy.reward_model, change))


def _plus(model: RewardModel, change: Floats) -> LinearRewardModel:
    assert isinstance(model, LinearRewardModel)
    return replace(model, weights=model.weights + change)
