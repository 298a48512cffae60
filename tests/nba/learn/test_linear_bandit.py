"""A bandit adds up its logs, resumes bit for bit, forgets when told, explores less with time."""

from dataclasses import replace

import numpy as np
import pytest

from nba.act.squarecb import SquareCb
from nba.errors import InputError, LogError
from nba.evaluate.target import target_probabilities
from nba.learn.linear_bandit import LinearBandit, epsilon_greedy, linucb, squarecb, thompson
from nba.types import DecisionLog
from tests.planted_log import draw_log, make_world

WORLD = make_world(np.random.default_rng(5))
LOGS = [draw_log(WORLD, 1_500, np.random.default_rng(seed)).log for seed in (6, 7)]


def exploring(bandit: LinearBandit, log: DecisionLog) -> float:
    """The mean probability of what is not most probable."""
    flat = target_probabilities(bandit.policy(), log)
    return float(1.0 - np.maximum.reduceat(flat, log.offsets[:-1]).mean())


def test_a_checkpoint_goes_on_bit_for_bit() -> None:
    straight, first = (LinearBandit(thompson(seed=1)) for _ in range(2))
    for log in LOGS:
        straight.learn(log)
    first.learn(LOGS[0])
    second = LinearBandit(thompson(seed=1))
    second.restore(first.checkpoint())
    second.learn(LOGS[1])
    for name, array in straight.checkpoint().items():
        np.testing.assert_array_equal(second.checkpoint()[name], array)
    expected = target_probabilities(straight.policy(), LOGS[0])
    np.testing.assert_array_equal(target_probabilities(second.policy(), LOGS[0]), expected)


def test_a_checkpoint_that_was_cut_off_is_refused_by_name() -> None:
    bandit = LinearBandit(linucb(width=1.0))
    bandit.learn(LOGS[0])
    kept = bandit.checkpoint()
    del kept["evidence.counts"]
    with pytest.raises(InputError, match=r"no array 'evidence\.counts'"):
        bandit.restore(kept)


def test_the_noise_of_the_world_is_found() -> None:
    bandit = LinearBandit(epsilon_greedy(epsilon=0.1), ridge=1.0)
    with pytest.raises(LogError, match="learned"):
        bandit.noise  # noqa: B018 the property raises
    bandit.learn(LOGS[0])
    assert bandit.noise == pytest.approx(WORLD.noise, rel=0.1)


def test_more_rows_leave_less_to_explore() -> None:
    noisy = make_world(np.random.default_rng(5), noise=30.0)
    bandit = LinearBandit(thompson(seed=1), ridge=1.0)
    bandit.learn(draw_log(noisy, 1_500, np.random.default_rng(1)).log)
    before = exploring(bandit, LOGS[0])
    for seed in range(2, 22):
        bandit.learn(draw_log(noisy, 1_500, np.random.default_rng(seed)).log)
    assert 0.0 < exploring(bandit, LOGS[0]) < 0.6 * before


def test_squarecb_sharpens_with_the_square_root_of_the_rows() -> None:
    bandit = LinearBandit(squarecb(scale=0.5))
    gammas = []
    for _ in range(4):
        bandit.learn(LOGS[0])
        policy = bandit.policy()
        assert isinstance(policy, SquareCb)
        gammas.append(policy.gamma)
    np.testing.assert_allclose(np.array(gammas) / gammas[0], np.sqrt([1, 2, 3, 4]))


def test_a_forgetting_bandit_follows_a_world_that_turned() -> None:
    turned = replace(LOGS[1], reward=-LOGS[1].reward)
    stubborn, forgetting = (
        LinearBandit(epsilon_greedy(epsilon=0.0), ridge=1.0, keep=keep) for keep in (1.0, 0.1)
    )
    for bandit in (stubborn, forgetting):
        for _ in range(5):
            bandit.learn(LOGS[0])
        bandit.learn(turned)
    wanted = LinearBandit(epsilon_greedy(epsilon=0.0), ridge=1.0)
    wanted.learn(turned)
    right = target_probabilities(wanted.policy(), LOGS[0])
    agrees = [
        float((target_probabilities(bandit.policy(), LOGS[0]) * right).sum())
        for bandit in (forgetting, stubborn)
    ]
    assert agrees[0] > agrees[1]


def test_a_log_without_rewards_is_refused_and_changes_nothing() -> None:
    bandit = LinearBandit(linucb(width=1.0))
    bandit.learn(LOGS[0])
    before = bandit.checkpoint()
    with pytest.raises(LogError, match="none of the log's 1500 rows has a reward"):
        bandit.learn(replace(LOGS[1], reward=np.full(1_500, np.nan)))
    np.testing.assert_array_equal(bandit.checkpoint()["evidence.counts"], before["evidence.counts"])


@pytest.mark.parametrize("wrong", [{"keep": 0.0}, {"ridge": -1.0}, {"keep": 1.5}])
def test_settings_out_of_range_are_named(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        LinearBandit(linucb(width=1.0), **wrong)
