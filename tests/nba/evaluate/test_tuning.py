"""λ: chosen for each target anew, and worth choosing."""

import numpy as np
import pytest

from nba.evaluate.estimand import GRIDS, Family
from nba.evaluate.shrinkage import shrinkage_path
from nba.evaluate.stats import Statistics, linearise
from nba.evaluate.tuning import Method, TunedEstimator, least_error, slope, tuned_dros
from nba.types import Floats
from tests.planted_log import PlantedLog, PlantedWorld, draw_log, make_world

WILD = make_world(np.random.default_rng(4), sharpness=6.0)  # effective sample size 23 of 200
TAME = make_world(np.random.default_rng(1))  # 247 of 300
every_family = pytest.mark.parametrize("family", GRIDS)


def sums(planted: PlantedLog, target: np.ndarray | None = None) -> Statistics:
    statistics = Statistics()
    q = 0.7 * planted.mean_reward + 1.0
    wanted = planted.target if target is None else target
    statistics.update(planted.log, wanted, reward_predictions=q)
    return statistics


@every_family
@pytest.mark.parametrize("method", ["slope", "mse"])
def test_the_strength_belongs_to_the_target_and_not_to_the_object(
    family: Family, method: Method
) -> None:
    # Worlds in which this target and the logging policy ask for different strengths.
    world = WILD if method == "mse" else make_world(np.random.default_rng(1), sharpness=3.0)
    planted = draw_log(world, 300, np.random.default_rng(2))
    kept = TunedEstimator(family, method)
    others = (planted.target, planted.logging, planted.target)
    found = [kept.finalize(sums(planted, target)) for target in others]
    for estimate, target in zip(found, others, strict=True):
        assert estimate == TunedEstimator(family, method).finalize(sums(planted, target))
    assert found[0].diagnostics["lambda"] != found[1].diagnostics["lambda"]


@every_family
def test_the_value_is_that_of_the_strength_it_tells(family: Family) -> None:
    statistics = sums(draw_log(WILD, 300, np.random.default_rng(3)))
    found = TunedEstimator(family).finalize(statistics)
    told = found.diagnostics["lambda"]
    near = [e for e in shrinkage_path(family)[1:] if e.shrinkage.strength == told]
    if near and told != 0.0:
        assert linearise(statistics, near[0]).value == found.value
    assert found.low <= found.value <= found.high


def test_slope_stops_before_the_first_contradiction() -> None:
    # Reaches 2, 1 and .1 (about): the third is 3 away from the first, which allows 2 · 1.45 + .1.
    rng = np.random.default_rng(4)
    noise = rng.normal(0, 1, (3, 400)) * np.array([[1.0], [0.5], [0.05]]) / 20
    noise -= noise.mean(axis=1, keepdims=True)
    assert slope(np.array([0.0, 1.0, 2.0]), noise) == 2
    assert slope(np.array([0.0, 1.0, 4.0]), noise) == 1
    assert slope(np.array([0.0, 9.0, 9.0]), noise) == 0


def test_the_least_error_weighs_bias_against_noise() -> None:
    noise = np.random.default_rng(5).normal(0, 1, (2, 400)) * np.array([[1.0], [0.1]])
    # Standard errors of about 20 and 2.
    assert least_error(np.array([0.0, 10.0]), noise) == 1
    assert least_error(np.array([0.0, 30.0]), noise) == 0


def squared_errors(world: PlantedWorld, n: int, tuned: TunedEstimator) -> tuple[float, Floats]:
    """Over many logs: of the tuned estimator, and of every fixed λ of its path."""
    rng = np.random.default_rng(6)
    errors, fixed = [], []
    for _ in range(200):
        statistics = sums(draw_log(world, n, rng))
        errors.append(tuned.finalize(statistics).value - world.truth)
        path = shrinkage_path(tuned.family)
        fixed.append([linearise(statistics, e).value - world.truth for e in path])
    return float(np.square(errors).mean()), np.square(fixed).mean(axis=0)


@every_family
@pytest.mark.parametrize("method", ["slope", "mse"])
def test_shrinking_pays_where_weights_are_wild(family: Family, method: Method) -> None:
    mine, fixed = squared_errors(WILD, 200, TunedEstimator(family, method))
    assert mine < 0.7 * fixed[0]


@every_family
def test_the_default_costs_little_where_they_are_tame(family: Family) -> None:
    mine, fixed = squared_errors(TAME, 300, TunedEstimator(family))
    assert mine < 1.5 * fixed[0]


def test_intervals_hold_the_truth_although_the_value_is_shrunk() -> None:
    rng = np.random.default_rng(7)
    held = 0
    for _ in range(400):
        found = tuned_dros.finalize(sums(draw_log(WILD, 300, rng)))
        held += found.low <= WILD.truth <= found.high
    assert held / 400 >= 0.93


@pytest.mark.slow
@pytest.mark.parametrize("family", GRIDS)
def test_over_worlds_the_default_rule_risks_little_and_slope_much(family: Family) -> None:
    # Squared error over that without shrinking, in worlds from tame to wild weights.
    ratios: dict[Method, list[float]] = {"mse": [], "slope": []}
    for sharpness, seed, n in ((1, 1, 300), (3, 1, 150), (3, 2, 150), (4, 3, 100), (6, 4, 200)):
        world = make_world(np.random.default_rng(seed), sharpness=sharpness)
        for method, found in ratios.items():
            mine, fixed = squared_errors(world, n, TunedEstimator(family, method))
            found.append(mine / fixed[0])
    assert max(ratios["mse"]) < 1.5
    assert min(ratios["mse"]) < 0.7
    assert min(ratios["slope"]) < 0.3
    if family != "clip":
        assert max(ratios["slope"]) > 2.0
