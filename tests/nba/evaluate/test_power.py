"""How many rows a lift needs: the textbook's number, and what really happens with so many rows."""

from dataclasses import replace

import numpy as np
import pytest

from nba.errors import InputError
from nba.evaluate.difference import difference
from nba.evaluate.doubly_robust import dr
from nba.evaluate.power import detectable_lift, plan_power, rounded, rows_to_detect
from nba.evaluate.stats import Statistics
from nba.types import Estimate
from tests.planted_log import PlantedLog, PlantedWorld, draw_log, make_world

WORLD = make_world(np.random.default_rng(3), sharpness=2.0)
GAIN = abs(WORLD.truth - WORLD.value(WORLD.logging))


def found_in(planted: PlantedLog) -> Estimate:
    statistics = Statistics()
    statistics.update(
        planted.log, planted.target, reward_predictions=0.5 * planted.mean_reward + 1.0
    )
    return difference(statistics, dr.estimand)


SEEN = draw_log(WORLD, 4000, np.random.default_rng(2))


def test_a_lift_half_as_large_needs_four_times_the_rows() -> None:
    seen = found_in(SEEN)
    small = rows_to_detect(seen, lift_eur=0.01)
    assert rows_to_detect(seen, lift_eur=0.005) == pytest.approx(4 * small)
    assert rows_to_detect(seen, lift_eur=detectable_lift(seen)) == pytest.approx(4000)


def test_a_log_needs_its_effective_rows_whatever_the_lift() -> None:
    seen = replace(found_in(SEEN), ess=50.0)
    assert rows_to_detect(seen, lift_eur=1e6) == pytest.approx(8000)
    assert rows_to_detect(replace(seen, ess=0.0), lift_eur=1.0) == np.inf


def detected(world: PlantedWorld, rows: int, logs: int) -> float:
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(logs):
        seen = found_in(draw_log(world, rows, rng))
        held += abs(seen.value) > 1.96 * seen.std_error
    return held / logs


def test_with_so_many_rows_the_lift_is_seen_as_often_as_told() -> None:
    rows = int(rows_to_detect(found_in(SEEN), lift_eur=GAIN, min_ess=0.0))
    assert 0.7 <= detected(WORLD, rows, 300) <= 0.9  # told: 0.8


def test_the_plan_knows_the_spread_of_a_log_that_was_never_written() -> None:
    # Let the target take a quarter of the decisions in truth, and compare the spreads.
    seen = found_in(SEEN)
    model = 0.5 * SEEN.mean_reward + 1.0
    plan = plan_power(
        SEEN.log, SEEN.target, seen, lift_eur=0.01, reward_predictions=model, min_ess=0.0
    )
    mixed = replace(WORLD, logging=0.75 * WORLD.logging + 0.25 * WORLD.target)
    drawn = draw_log(mixed, 20_000, np.random.default_rng(7))
    w_target = drawn.target / drawn.logging
    old = (drawn.logging - 0.25 * drawn.target) / 0.75
    chosen = drawn.log.offsets[:-1] + drawn.log.chosen
    error = drawn.log.reward - (0.5 * drawn.mean_reward + 1.0)[chosen]
    spread = np.mean(((w_target - old / drawn.logging)[chosen] * error) ** 2)
    weight = (SEEN.target / SEEN.logging)[SEEN.log.offsets[:-1] + SEEN.log.chosen]
    mine = SEEN.log.reward - model[SEEN.log.offsets[:-1] + SEEN.log.chosen]
    told = np.mean(((weight - 1) * mine) ** 2 / (0.75 + 0.25 * weight))
    assert told == pytest.approx(spread, rel=0.15)
    assert plan.rows[0.25] < plan.rows[0.05] < plan.rows[0.0]


def test_without_exploration_the_plan_is_the_textbook_number() -> None:
    seen = found_in(SEEN)
    plan = plan_power(
        SEEN.log, SEEN.target, seen, lift_eur=0.02,
        reward_predictions=0.5 * SEEN.mean_reward + 1.0, min_ess=0.0,
    )  # fmt: skip
    assert plan.rows[0.0] == pytest.approx(
        rows_to_detect(seen, lift_eur=0.02, min_ess=0.0), rel=0.1
    )
    assert "if the target takes" in plan.sentence()
    assert rounded(plan.rows[0.0]) in plan.sentence()


def test_a_lift_is_above_zero_and_a_power_a_chance() -> None:
    with pytest.raises(InputError, match="lift of 0"):
        rows_to_detect(found_in(SEEN), lift_eur=0.0)
    with pytest.raises(InputError, match=r"power is 1\.5"):
        detectable_lift(found_in(SEEN), power=1.5)
