"""Greedy follows the reward model, and nothing else."""

import numpy as np

from nba.act.greedy import Greedy
from tests.nba.act.sample_policies import batch, reward_model


def test_all_mass_is_on_the_largest_predicted_reward() -> None:
    context, actions, mask = batch(1, 100, 8)
    found = Greedy(reward_model()).batch_probabilities(context, actions, mask)
    rewards = np.where(mask, reward_model().batch_rewards(context, actions), -np.inf)
    np.testing.assert_array_equal(found.argmax(axis=1), rewards.argmax(axis=1))
    assert (found.max(axis=1) == 1.0).all()


def test_another_reward_model_chooses_differently() -> None:
    inputs = batch(1, 100, 8)
    one, other = (Greedy(reward_model(seed)).batch_probabilities(*inputs) for seed in (0, 5))
    assert (one != other).any()
