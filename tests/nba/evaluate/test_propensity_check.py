"""Propensities that belong to other choices are seen, right ones are left alone."""

from dataclasses import replace

import numpy as np
import pytest

from nba.evaluate.propensity_check import (
    MAX_Z,
    propensity_z_by_action,
    propensity_z_of_choices,
)
from nba.types import DecisionLog
from tests.planted_log import draw_log, make_world

WORLD = make_world(np.random.default_rng(1), sharpness=2.0)


def worst(log: DecisionLog) -> float:
    return max(map(abs, propensity_z_by_action(log).values()))


def test_right_propensities_pass_in_three_hundred_logs() -> None:
    rng = np.random.default_rng(2)
    found = [worst(draw_log(WORLD, 1500, rng).log) for _ in range(300)]
    assert max(found) < MAX_Z
    assert np.mean(np.array(found) > 2.0) > 0.05  # it does vary


@pytest.mark.parametrize("rows", [1, 7, -1])
def test_a_shifted_column_is_seen(rows: int) -> None:
    log = draw_log(WORLD, 3000, np.random.default_rng(3)).log
    assert worst(replace(log, propensity=np.roll(log.propensity, rows))) > MAX_Z


def test_a_wrong_factor_is_seen() -> None:
    log = draw_log(WORLD, 3000, np.random.default_rng(4)).log
    assert worst(replace(log, propensity=0.8 * log.propensity)) > MAX_Z


def test_actions_that_were_seldom_chosen_are_left_out() -> None:
    log = draw_log(WORLD, 100, np.random.default_rng(5)).log
    counts = np.unique(
        log.action_ids[log.offsets[:-1] + log.chosen].astype(str), return_counts=True
    )
    often = {name for name, n in zip(*counts, strict=True) if n >= 20}
    assert set(propensity_z_by_action(log)) == often


def test_a_flat_log_is_checked_the_same_way() -> None:
    rng = np.random.default_rng(6)
    p = np.array([0.1, 0.3, 0.6])
    action = rng.choice(3, 5000, p=p)
    right = propensity_z_of_choices(action, p[action])
    assert max(map(abs, right.values())) < 4
    assert set(right) == {0, 1, 2}
    shifted = propensity_z_of_choices(action, np.roll(p[action], 1))
    assert max(map(abs, shifted.values())) > 20
