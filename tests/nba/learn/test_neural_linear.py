"""A Bayesian line over a net's hidden layer."""

from dataclasses import replace

import numpy as np
import pytest

from nba.act.neural_linear import expected
from nba.act.policy import ActionScorer
from nba.errors import InputError
from nba.learn.neural_linear import NeuralLinearLearner
from nba.listen.blocks import padded_blocks
from nba.types import DecisionLog, Floats
from nba.understand.reward_model import fit_reward_model
from tests.nba.act.sample_policies import scorer_parameters
from tests.planted_log import draw_log, make_world

NET = ActionScorer("net", "test", scorer_parameters(1, d=2, p=3, h=8))


def planted(n: int) -> tuple[DecisionLog, Floats]:
    """A log whose rewards are a known line over the hidden layer, without noise."""
    log = draw_log(make_world(np.random.default_rng(5)), n, np.random.default_rng(6)).log
    head = np.random.default_rng(7).normal(size=8)
    block = next(padded_blocks(log, size=n))
    hidden = NET.batch_hidden(block.context, block.actions, block.mask)
    return replace(log, reward=hidden[np.arange(n), log.chosen].astype(np.float64) @ head), head


def test_the_hidden_layer_is_what_the_scores_are_a_weighted_sum_of() -> None:
    log, _ = planted(50)
    block = next(padded_blocks(log))
    inputs = block.context, block.actions, block.mask
    found = NET.batch_hidden(*inputs) @ NET.parameters["w_score"]
    np.testing.assert_allclose(found, NET.batch_scores(*inputs), atol=1e-5)


def test_rewards_on_a_line_are_learned_without_doubt() -> None:
    log, _ = planted(2000)
    learner = NeuralLinearLearner(NET, ridge=1e-9)
    learner.learn(log)
    block = next(padded_blocks(log))
    hidden = NET.batch_hidden(block.context, block.actions, block.mask)
    worth = hidden[np.arange(len(log)), log.chosen] @ learner.policy().draws.T
    assert np.abs(worth - log.reward[:, None]).max() < 0.01


def test_more_evidence_moves_the_draws_and_the_same_evidence_repeats_them() -> None:
    log, _ = planted(400)
    once, twice = NeuralLinearLearner(NET), NeuralLinearLearner(NET)
    once.learn(log)
    once.learn(log)
    twice.learn(log)
    assert not np.allclose(once.policy().draws, twice.policy().draws)
    again = NeuralLinearLearner(NET)
    again.learn(log)
    again.learn(log)
    assert np.array_equal(once.policy().draws, again.policy().draws)


def test_little_evidence_leaves_the_draws_far_apart() -> None:
    log, _ = planted(4000)
    noisy = replace(log, reward=log.reward + np.random.default_rng(1).normal(size=len(log)))
    little = replace(noisy, reward=np.where(np.arange(len(log)) < 100, noisy.reward, np.nan))
    block = next(padded_blocks(log))
    hidden = NET.batch_hidden(block.context, block.actions, block.mask)[block.mask]
    spread = []
    for each in (little, noisy):
        learner = NeuralLinearLearner(NET)
        learner.learn(each)
        spread.append((hidden @ learner.policy().draws.T).std(axis=1).mean())
    assert spread[0] > 2 * spread[1]


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(InputError, match="ridge is 0"):
        NeuralLinearLearner(NET, ridge=0)
    with pytest.raises(InputError, match="n_draws is 0"):
        NeuralLinearLearner(NET, n_draws=0)


def test_what_the_nets_reward_model_knows_already_leaves_nothing_to_learn() -> None:
    log = draw_log(make_world(np.random.default_rng(5)), 500, np.random.default_rng(6)).log
    net = replace(NET, reward_model=fit_reward_model(log))
    block = next(padded_blocks(log))
    known = expected(net, block.context, block.actions)
    learner = NeuralLinearLearner(net)
    learner.learn(replace(log, reward=known[np.arange(len(log)), log.chosen]))
    assert np.abs(learner.policy().draws).max() < 1e-9
