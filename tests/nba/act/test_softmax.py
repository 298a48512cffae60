"""Softmax of a reward model, and of another policy."""

import numpy as np
import pytest

from nba.act.longest_idle import LongestIdle
from nba.act.softmax import Softmax
from nba.errors import InputError
from nba.listen.contact_features import CONTACT_CENTRE
from tests.nba.act.sample_policies import batch, reward_model, scorer

INPUTS = batch(1, 80, 7)


def test_log_odds_are_reward_differences_in_units_of_the_temperature() -> None:
    context, actions, _ = INPUTS
    everything = np.ones(actions.shape[:2], dtype=np.bool_)
    found = Softmax(reward_model(), temperature=2.5).batch_probabilities(
        context, actions, everything
    )
    rewards = reward_model().batch_rewards(context, actions)
    odds = np.log(found[:, 0] / found[:, 1])
    np.testing.assert_allclose(odds, (rewards[:, 0] - rewards[:, 1]) / 2.5, rtol=1e-6)


def test_a_policy_at_temperature_one_stays_as_it_is() -> None:
    np.testing.assert_allclose(
        Softmax(scorer(), temperature=1.0).batch_probabilities(*INPUTS),
        scorer().batch_probabilities(*INPUTS),
        atol=1e-12,
    )


def test_a_deterministic_policy_gets_its_floor() -> None:
    found = Softmax(LongestIdle(CONTACT_CENTRE), temperature=1.0, floor=0.2)
    probabilities = found.batch_probabilities(*INPUTS)
    n = INPUTS[2].sum(axis=1)
    np.testing.assert_allclose(probabilities.max(axis=1), 0.8 + 0.2 / n)


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(InputError, match="temperature is -1"):
        Softmax(reward_model(), temperature=-1.0)
    with pytest.raises(InputError, match="floor is 2"):
        Softmax(reward_model(), temperature=1.0, floor=2.0)
