"""One decision's quick form gives what the batch form gives."""

from dataclasses import replace

import numpy as np
import pytest

from nba.act.explain import reward_model_of
from nba.act.greedy import Greedy
from nba.act.longest_idle import LongestIdle
from nba.act.one_decision import one_decision, plain_decision
from nba.act.policy import ActionScorer
from nba.act.softmax import Softmax
from nba.act.uniform import Uniform
from nba.compiled import compiled
from nba.errors import InputError
from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import Policy
from nba.understand.reward_model import LinearRewardModel
from tests.nba.act.sample_policies import batch, reward_model, scorer, scorer_parameters

POLICIES: list[Policy] = [
    scorer(1),
    scorer(2, prior_weight=0.0, floor=0.0),
    scorer(3, prior_model=reward_model(9)),
    Greedy(reward_model(), 0.1),
    Softmax(reward_model(), 0.7),
    LongestIdle(CONTACT_CENTRE),
    Uniform(),
]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
@pytest.mark.parametrize("n_actions", [1, 2, 20])
def test_the_quick_form_is_the_batch_form(policy: Policy, n_actions: int) -> None:
    context, actions, _ = batch(4, 30, n_actions)
    everything = np.ones(actions.shape[:2], dtype=np.bool_)
    expected = policy.batch_probabilities(context, actions, everything)
    model = reward_model_of(policy)
    quick = one_decision(policy)
    for row in range(len(context)):
        probabilities, rewards = quick(context[row], actions[row])
        assert probabilities == pytest.approx(expected[row], abs=1e-6)
        assert probabilities.sum() == pytest.approx(1.0, abs=1e-9)
        if model is None:
            assert rewards is None
        else:
            one = model.batch_rewards(context[row : row + 1], actions[row : row + 1])[0]
            assert rewards == pytest.approx(one, rel=1e-6, abs=1e-6)


def test_a_strange_reading_is_cut_in_both_forms() -> None:
    context, actions, mask = batch(5, 1, 6)
    context[0, 2], actions[0, 3, 8] = 1e9, -1e9
    mask[:] = True
    policy = scorer(1)
    expected = policy.batch_probabilities(context, actions, mask)[0]
    assert one_decision(policy)(context[0], actions[0])[0] == pytest.approx(expected, abs=1e-6)


def test_the_inputs_stay_as_they_are() -> None:
    context, actions, _ = batch(6, 1, 6)
    before = context.copy(), actions.copy()
    one_decision(scorer(1))(context[0], actions[0])
    assert (context == before[0]).all()
    assert (actions == before[1]).all()


@pytest.mark.skipif(compiled("nba.act._scorer") is None, reason="it was not compiled")
@pytest.mark.parametrize("hidden", [1, 3, 16, 17, 48])
@pytest.mark.parametrize("models", [0, 1, 2])
def test_the_compiled_form_is_the_plain_one_to_the_bit(hidden: int, models: int) -> None:
    policy = ActionScorer(
        "scorer",
        "1",
        scorer_parameters(hidden, h=hidden),
        reward_model=reward_model(hidden) if models else None,
        prior_model=reward_model(1) if models == 2 else None,
        prior_weight=0.3 if models else 0.0,
        temperature=0.37,
        floor=0.02,
    )
    quick, plain = one_decision(policy), plain_decision(policy)
    for k in (1, 2, 3, 4, 5, 8, 9, 33, 70):
        context, actions, _ = batch(k, 1, k)
        shares, rewards = quick(context[0], actions[0])
        expected, priced = plain(context[0], actions[0])
        assert shares.tobytes() == expected.tobytes()
        assert (rewards is None) == (priced is None) == (models == 0)
        if rewards is not None and priced is not None:
            assert rewards.tobytes() == priced.tobytes()


@pytest.mark.skipif(compiled("nba.act._scorer") is None, reason="it was not compiled")
def test_the_compiled_form_refuses_what_has_another_shape() -> None:
    quick = one_decision(scorer(1))
    context, actions, _ = batch(7, 1, 4)
    for x, rows in (
        (context[0, 1:], actions[0]),
        (context[0], np.ascontiguousarray(actions[0, :, 1:])),
        (context[0], actions[0, :0]),
    ):
        with pytest.raises(ValueError, match="fit"):
            quick(x, rows)


def test_a_reward_model_that_does_not_fit_fails_as_in_python() -> None:
    model = reward_model(3)
    odd = replace(model.basis, derived=model.basis.derived + np.array([0.0, 2.0**40, 0.0]))
    narrow = replace(model.basis, context_mean=np.zeros(2), context_std=np.ones(2))
    for basis in (odd, narrow):
        weights = np.zeros((basis.n_groups, basis.n_terms))
        try:
            policy = replace(scorer(1), reward_model=LinearRewardModel(basis, weights))
        except (IndexError, InputError):
            continue  # refused sooner
        quick = one_decision(replace(policy, prior_weight=0.0))
        context, actions, _ = batch(7, 1, 4)
        with pytest.raises((IndexError, ValueError)):
            quick(context[0], actions[0])
