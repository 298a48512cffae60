"""Fitted Q evaluation: near the exact returns of a chain, never from its own unit."""

from dataclasses import replace

import numpy as np
import pytest

from nba.errors import InputError, LogError
from nba.evaluate.episodes import make_episodes, single_steps
from nba.evaluate.fitted_q_evaluation import fitted_q
from nba.understand.reward_model import cross_fit_rewards
from tests.planted_episodes import draw_episodes, episodes_of, log_of, make_chain
from tests.planted_log import draw_log, make_world

CHAIN = make_chain()
DRAWN = draw_episodes(CHAIN, 6000, np.random.default_rng(1))
LOG = log_of(CHAIN, DRAWN)
TARGET = CHAIN.target[DRAWN.state].ravel()


def test_returns_are_near_the_exact_ones() -> None:
    found = fitted_q(LOG, TARGET, episodes_of(DRAWN), discount=0.9, ridge=1.0)
    exact = CHAIN.q(CHAIN.target)[DRAWN.step, DRAWN.state].ravel()
    assert np.abs(found - exact).mean() < 0.06
    without = fitted_q(LOG, TARGET, episodes_of(DRAWN), discount=0.0, ridge=1.0)
    assert np.abs(without - exact).mean() > 0.3  # what follows matters in this chain


def test_one_step_is_the_cross_fitted_reward_model() -> None:
    planted = draw_log(make_world(np.random.default_rng(1)), 400, np.random.default_rng(2))
    found = fitted_q(planted.log, planted.target, single_steps(400))
    np.testing.assert_allclose(found, cross_fit_rewards(planted.log), rtol=1e-12)


def test_a_unit_never_teaches_its_own_prediction() -> None:
    few = draw_episodes(CHAIN, 60, np.random.default_rng(3))
    log, target = log_of(CHAIN, few), CHAIN.target[few.state].ravel()
    before = fitted_q(log, target, episodes_of(few))
    mine = few.episode == 5
    after = fitted_q(replace(log, reward=np.where(mine, 1e6, log.reward)), target, episodes_of(few))
    changed = np.repeat(mine, 2)
    np.testing.assert_allclose(after[changed], before[changed])
    assert np.abs(after[~changed] - before[~changed]).max() > 1.0


def test_bad_discounts_and_empty_rewards_are_refused() -> None:
    with pytest.raises(InputError, match=r"discount is 1\.5"):
        fitted_q(LOG, TARGET, episodes_of(DRAWN), discount=1.5)
    with pytest.raises(LogError, match="none of the log's 6000 episodes"):
        fitted_q(replace(LOG, reward=np.full(len(LOG), np.nan)), TARGET, episodes_of(DRAWN))
    one = draw_episodes(CHAIN, 1, np.random.default_rng(4))
    episodes = make_episodes(np.array(["e"] * len(one.step), dtype=object), one.step)
    with pytest.raises(LogError, match="one fold's units"):
        fitted_q(log_of(CHAIN, one), CHAIN.target[one.state].ravel(), episodes)
