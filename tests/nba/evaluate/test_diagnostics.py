"""Diagnostics: each number at cases that are clear without a computer."""

from dataclasses import replace

import numpy as np
import pytest

from nba.evaluate.diagnostics import (
    effective_sample_size,
    max_weight_share,
    mean_weight_z,
)
from nba.evaluate.weighting import ips
from tests.planted_log import draw_log, make_world

WORLD = make_world(np.random.default_rng(1))


def test_equal_weights_count_in_full_and_one_heavy_one_as_one_row() -> None:
    assert effective_sample_size(100.0, 100.0) == 100.0
    assert effective_sample_size(50.0, 2500.0) == 1.0
    assert effective_sample_size(0.0, 0.0) == 0.0


def test_all_weight_in_one_row_is_a_share_of_one() -> None:
    assert max_weight_share(3.0, 12.0) == 0.25
    assert max_weight_share(0.0, 0.0) == 1.0


def test_weights_that_are_one_throughout_are_not_off() -> None:
    assert mean_weight_z(np.full(50, 3.0), np.full(50, 3.0)) == 0.0
    assert mean_weight_z(np.full(50, 6.0), np.full(50, 3.0)) == np.inf
    assert mean_weight_z(np.ones(1), np.ones(1)) == 0.0


def test_the_mean_weight_is_a_standard_normal_when_propensities_are_right() -> None:
    rng = np.random.default_rng(2)
    z = []
    for _ in range(300):
        planted = draw_log(WORLD, 500, rng)
        z.append(ips(planted.log, planted.target).diagnostics["mean_weight_z"])
    assert abs(np.mean(z)) < 0.3
    assert np.std(z) == pytest.approx(1.0, abs=0.2)


def test_wrong_propensities_show_in_the_mean_weight() -> None:
    planted = draw_log(WORLD, 2000, np.random.default_rng(3))
    # Off by 2.5 times, as when a column was rescaled by mistake.
    log = replace(planted.log, propensity=planted.log.propensity / 2.5)
    assert ips(log, planted.target).diagnostics["mean_weight_z"] > 4
