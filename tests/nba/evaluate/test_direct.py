"""The direct method: as good as its model, and no better."""

import numpy as np
import pytest

from nba.errors import InputError
from nba.evaluate.direct import dm
from nba.evaluate.stats import Statistics
from tests.planted_log import draw_log, make_world

WORLD = make_world(np.random.default_rng(1))
PLANTED = draw_log(WORLD, 20_000, np.random.default_rng(2))


def test_a_right_model_gives_the_truth() -> None:
    found = dm(PLANTED.log, PLANTED.target, reward_predictions=PLANTED.mean_reward)
    assert found.low < WORLD.truth < found.high
    assert found.high - found.low < 0.1


def test_a_wrong_model_is_wrong_and_its_interval_does_not_know() -> None:
    found = dm(PLANTED.log, PLANTED.target, reward_predictions=PLANTED.mean_reward + 1.0)
    assert found.value == pytest.approx(WORLD.truth + 1.0, abs=0.05)
    assert not found.low < WORLD.truth < found.high


def test_without_predictions_a_model_is_cross_fitted() -> None:
    found = dm(PLANTED.log, PLANTED.target)
    assert found.value == pytest.approx(WORLD.truth, abs=0.15)


def test_sums_without_a_model_have_no_direct_method() -> None:
    statistics = Statistics()
    statistics.update(PLANTED.log, PLANTED.target)
    with pytest.raises(InputError, match="dm needs reward_predictions"):
        statistics.finalize(dm.estimand)


def test_predictions_of_another_shape_are_refused() -> None:
    with pytest.raises(InputError, match="reward_predictions have shape"):
        dm(PLANTED.log, PLANTED.target, reward_predictions=np.zeros(3))
