"""The planted worlds: their truths are what is drawn on average, and each has its difficulty."""

import numpy as np
import pytest

from experiments.benchmark.coverage_worlds import World, draw_rows, worlds
from nba.evaluate.stats import Statistics

each_world = pytest.mark.parametrize("world", worlds().values(), ids=lambda w: w.name)


@each_world
def test_the_truth_is_what_is_drawn_on_average(world: World) -> None:
    rng = np.random.default_rng(1)
    gains, values, weights = [], [], []
    for _ in range(60):
        drawn = draw_rows(world, 5000, rng)
        values.append((drawn.weight * drawn.reward).mean())
        gains.append(((drawn.weight - 1.0) * drawn.reward).mean())
        weights.append(drawn.weight.mean())
    for found, truth in ((values, world.truth), (gains, world.gain), (weights, 1.0)):
        error = np.std(found) / np.sqrt(60)
        assert abs(np.mean(found) - truth) < 3.5 * error, (np.mean(found), truth, error)


@each_world
def test_the_model_helps_and_is_wrong(world: World) -> None:
    drawn = draw_rows(world, 20_000, np.random.default_rng(2))
    assert abs((drawn.reward - drawn.predicted).mean()) < drawn.reward.std()
    assert drawn.value.mean() != pytest.approx(world.truth, rel=1e-3)


def test_each_world_has_its_difficulty() -> None:
    found = worlds()
    assert found["small ESS"].ess_share * 200 < 30
    assert found["heavy weights"].ess_share * 500 < 100
    assert found["plain"].ess_share > 0.5
    assert found["high reward"].truth > 0.85
    assert found["rare clicks"].truth < 0.03
    days = Statistics()
    days.add(draw_rows(found["40 site-days"], 5000, np.random.default_rng(3)))
    assert (days.buckets[:, 0] > 0).sum() <= 40


def test_customers_share_their_mood_in_a_log() -> None:
    drawn = draw_rows(worlds()["returning customers"], 6000, np.random.default_rng(4))
    off = drawn.reward - drawn.reward.mean()
    totals = np.bincount(drawn.bucket, off)
    counts = np.bincount(drawn.bucket)
    shared = (totals[counts > 0] ** 2).sum()
    assert shared > 3 * (off**2).sum()  # 1 if rows were independent
