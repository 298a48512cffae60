"""An imitation chooses as the log did, and never reads a reward."""

from dataclasses import replace

import numpy as np
import pytest

from nba.act.softmax import Softmax
from nba.errors import LogError
from nba.evaluate.target import target_probabilities
from nba.learn.imitation import Imitation
from nba.learn.off_policy import OffPolicyGradient
from nba.learn.softmax_fit import Fitting
from nba.types import DecisionLog
from tests.planted_log import draw_log, make_world

PLANTED = draw_log(make_world(np.random.default_rng(5)), 6_000, np.random.default_rng(6))


def written_by(policy: Softmax) -> DecisionLog:
    """The planted log with choices drawn from this policy."""
    log = PLANTED.log
    flat = target_probabilities(policy, log)
    ends = np.cumsum(flat)[log.offsets[1:] - 1]
    starts = np.concatenate([[0.0], ends[:-1]])
    luck = np.random.default_rng(7).random(len(log))
    place = np.searchsorted(np.cumsum(flat), starts + luck * (ends - starts), side="right")
    return replace(log, chosen=np.clip(place - log.offsets[:-1], 0, np.diff(log.offsets) - 1))


def test_it_comes_close_to_the_policy_that_wrote_the_log() -> None:
    taught = OffPolicyGradient("dr", fitting=Fitting(epochs=2))
    taught.learn(PLANTED.log)
    log = written_by(taught.policy())
    wanted = target_probabilities(taught.policy(), log)
    learner = Imitation()
    learner.learn(log)
    count = np.diff(log.offsets)
    far = np.abs(1.0 / np.repeat(count, count) - wanted).mean()
    assert far > 0.05
    assert np.abs(target_probabilities(learner.policy(), log) - wanted).mean() < 0.2 * far


def test_rewards_change_nothing() -> None:
    first, second = Imitation(), Imitation()
    first.learn(PLANTED.log)
    second.learn(replace(PLANTED.log, reward=np.full(len(PLANTED.log), np.nan)))
    np.testing.assert_array_equal(
        target_probabilities(first.policy(), PLANTED.log),
        target_probabilities(second.policy(), PLANTED.log),
    )


def test_before_a_log_there_is_no_policy() -> None:
    with pytest.raises(LogError, match="learned"):
        Imitation().policy()
