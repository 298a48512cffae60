"""Importance weighting: worked by hand, and unbiased on planted truth."""

from dataclasses import replace

import numpy as np
import pytest

from nba.evaluate.weighting import ips, snips
from tests.planted_log import PlantedWorld, draw_log, make_world

WORLD = make_world(np.random.default_rng(1))


def two_row_world() -> tuple[PlantedWorld, np.ndarray]:
    world = make_world(np.random.default_rng(2), n_situations=1)
    k = len(world.mean_reward)
    target = np.zeros(k)
    target[:2] = 0.75, 0.25
    return world, target


def test_the_values_are_those_worked_by_hand() -> None:
    world, target = two_row_world()
    planted = draw_log(world, 2, np.random.default_rng(3))
    log = replace(
        planted.log,
        chosen=np.array([0, 1]),
        propensity=np.array([0.5, 0.25]),
        reward=np.array([4.0, 2.0]),
    )
    both = np.tile(target, 2)
    # Weights .75 / .5 = 1.5 and .25 / .25 = 1: (1.5 · 4 + 1 · 2) / 2, and the same / 2.5.
    assert ips(log, both).value == pytest.approx(4.0)
    assert snips(log, both).value == pytest.approx(8.0 / 2.5)
    assert ips(log, both).ess == pytest.approx(2.5**2 / 3.25)
    assert ips(log, both).diagnostics["max_weight_share"] == pytest.approx(0.6)


def test_ips_is_unbiased_over_many_logs() -> None:
    rng = np.random.default_rng(4)
    errors = []
    for _ in range(1000):
        planted = draw_log(WORLD, 100, rng)
        errors.append(ips(planted.log, planted.target).value - WORLD.truth)
    assert abs(np.mean(errors)) < 3 * np.std(errors) / np.sqrt(len(errors))


def test_snips_comes_to_the_truth_with_more_rows() -> None:
    errors = []
    for n in (200, 20_000):
        found = [
            snips(p.log, p.target).value - WORLD.truth
            for p in (draw_log(WORLD, n, np.random.default_rng(seed)) for seed in range(20))
        ]
        errors.append(np.sqrt(np.square(found).mean()))
    assert errors[1] < errors[0] / 5


def test_a_constant_added_to_all_rewards_only_shifts_snips() -> None:
    planted = draw_log(WORLD, 1000, np.random.default_rng(5))
    shifted = replace(planted.log, reward=planted.log.reward + 100.0)
    before, after = snips(planted.log, planted.target), snips(shifted, planted.target)
    assert after.value == pytest.approx(before.value + 100.0)
    assert after.std_error == pytest.approx(before.std_error)
    # ips has no such luck: its weights' noise is multiplied by the constant.
    assert ips(shifted, planted.target).std_error > 2 * ips(planted.log, planted.target).std_error


def test_more_rounds_give_a_tighter_interval() -> None:
    widths = []
    for n in (2000, 32_000):
        planted = draw_log(WORLD, n, np.random.default_rng(6))
        found = snips(planted.log, planted.target)
        widths.append(found.high - found.low)
    assert widths[0] / widths[1] == pytest.approx(4.0, rel=0.2)


def test_a_target_that_never_does_what_was_logged_says_nothing() -> None:
    planted = draw_log(WORLD, 50, np.random.default_rng(7))
    k = np.diff(planted.log.offsets)
    other = np.zeros(len(planted.log.actions))
    other[planted.log.offsets[:-1] + (planted.log.chosen + 1) % k] = 1.0
    found = ips(planted.log, other)
    assert found.ess == 0.0
    assert found.diagnostics["max_weight_share"] == 1.0
    assert found.diagnostics["mean_weight_z"] == -np.inf
