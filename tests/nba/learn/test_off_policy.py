"""Learning from a log beats the log, and says when the log cannot be learned from."""

from dataclasses import replace

import numpy as np
import pytest

from nba.errors import InputError, LogError
from nba.evaluate.target import target_probabilities
from nba.learn.off_policy import OffPolicyGradient, Values
from tests.planted_log import draw_log, make_world

WORLD = make_world(np.random.default_rng(5), sharpness=2.0)
PLANTED = draw_log(WORLD, 6_000, np.random.default_rng(6))
LOG = PLANTED.log


def value(learner: OffPolicyGradient) -> float:
    learner.learn(LOG)
    flat = target_probabilities(learner.policy(), LOG)
    return float((flat * PLANTED.mean_reward).sum() / len(LOG))


@pytest.mark.parametrize("values", ["dr", "ipw"])
def test_most_of_what_can_be_gained_is_gained(values: Values) -> None:
    logged = float((PLANTED.logging * PLANTED.mean_reward).sum() / len(LOG))
    best = float(np.maximum.reduceat(PLANTED.mean_reward, LOG.offsets[:-1]).mean())
    assert value(OffPolicyGradient(values)) > logged + 0.7 * (best - logged)


def test_the_floor_is_kept() -> None:
    learner = OffPolicyGradient("dr", floor=0.1)
    learner.learn(LOG)
    flat = target_probabilities(learner.policy(), LOG)
    count = np.diff(LOG.offsets)
    assert (flat >= 0.1 / np.repeat(count, count) - 1e-12).all()


def test_a_row_without_a_propensity_is_named() -> None:
    propensity = LOG.propensity.copy()
    propensity[17] = np.nan
    with pytest.raises(LogError, match=r"propensity\[17\] is nan"):
        OffPolicyGradient("ipw").learn(replace(LOG, propensity=propensity))


def test_a_log_without_rewards_is_refused() -> None:
    with pytest.raises(LogError, match="none of the log's 6000 rows has a reward"):
        OffPolicyGradient("dr").learn(replace(LOG, reward=np.full(len(LOG), np.nan)))


def test_progress_counts_the_epochs() -> None:
    counted: list[int] = []
    learner = OffPolicyGradient("ipw", progress=counted.append)
    learner.learn(LOG)
    assert sum(counted) == learner.fitting.epochs


def test_settings_out_of_range_are_named() -> None:
    with pytest.raises(InputError, match="values is 'sloppy'"):
        OffPolicyGradient("sloppy")  # type: ignore[arg-type]  # what a caller without types does
    with pytest.raises(InputError, match="most_weight is 0"):
        OffPolicyGradient("dr", most_weight=0.5)
