"""A policy under other weights is the one that learning under them would have given."""

from dataclasses import replace

import numpy as np
import pytest

from nba.act.greedy import Greedy
from nba.act.levers import with_levers
from nba.act.longest_idle import LongestIdle
from nba.act.policy import ActionScorer
from nba.act.softmax import Softmax
from nba.errors import InputError
from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import Floats, Policy
from nba.understand.reward_model import LinearRewardModel, fit_reward_model
from tests.nba.act.sample_policies import scorer
from tests.nba.understand.test_components import OBJECTIVE, a_log

LOG = a_log()
MODEL = fit_reward_model(LOG)
OTHER = {"wait_s": 0.2}
ANEW = fit_reward_model(replace(LOG, reward=OBJECTIVE.with_levers(OTHER).reward(LOG.outcomes)))
CONTEXT, ACTIONS = LOG.context[:50], LOG.actions[None, :6].repeat(50, axis=0)
MASK = np.ones((50, 6), dtype=np.bool_)


@pytest.mark.parametrize("make", [Greedy, lambda model: Softmax(model, 0.3)])
def test_levers_give_what_learning_anew_gives(make: type[Greedy]) -> None:
    def probabilities(policy: Policy) -> Floats:
        return policy.batch_probabilities(CONTEXT, ACTIONS, MASK)

    changed = probabilities(with_levers(make(MODEL), OBJECTIVE, OTHER))
    np.testing.assert_allclose(changed, probabilities(make(ANEW)), atol=1e-5)
    assert np.abs(changed - probabilities(make(MODEL))).max() > 0.01
    same = probabilities(with_levers(make(MODEL), OBJECTIVE, dict(OBJECTIVE.weights)))
    np.testing.assert_allclose(same, probabilities(make(MODEL)), atol=1e-9)


def test_unknown_components_and_policies_without_them_are_refused() -> None:
    with pytest.raises(InputError, match="no component 'joy'"):
        with_levers(Greedy(MODEL), OBJECTIVE, {"joy": 1.0})
    bare = LinearRewardModel(MODEL.basis, MODEL.weights)
    for policy in (Greedy(bare), LongestIdle(CONTACT_CENTRE)):
        with pytest.raises(InputError, match="has learned no outcome components"):
            with_levers(policy, OBJECTIVE, OTHER)


def test_a_scorer_changes_its_reward_and_its_prior() -> None:
    own = scorer()
    assert isinstance(own.reward_model, LinearRewardModel | None)
    changed = with_levers(replace(own, reward_model=MODEL, prior_model=MODEL), OBJECTIVE, OTHER)
    assert isinstance(changed, ActionScorer)
    for model in (changed.reward_model, changed.prior_model):
        assert isinstance(model, LinearRewardModel)
        np.testing.assert_allclose(model.weights, ANEW.weights, rtol=1e-6, atol=1e-8)
