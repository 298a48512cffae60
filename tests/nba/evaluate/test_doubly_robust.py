"""Doubly robust: right if either the model or the propensities are right, wrong if neither is."""

from dataclasses import replace

import numpy as np
import pytest

from nba.evaluate.doubly_robust import dr, sndr
from nba.evaluate.weighting import ips, snips
from nba.types import DecisionLog, Floats
from tests.planted_log import draw_log, make_world

WORLD = make_world(np.random.default_rng(1), sharpness=1.5)
LOGS = 1000


def wrong_propensities(log: DecisionLog) -> DecisionLog:
    """The log as if a uniform policy had written it."""
    return replace(log, propensity=1.0 / np.diff(log.offsets))


@pytest.fixture(scope="module")
def errors() -> dict[str, Floats]:
    """Errors over many logs with a wrong model, wrong propensities, and both."""
    rng = np.random.default_rng(2)
    found: dict[str, list[float]] = {"wrong model": [], "wrong propensities": [], "both": []}
    for _ in range(LOGS):
        planted = draw_log(WORLD, 100, rng)
        q, wrong = planted.mean_reward, 4.0 - 0.5 * planted.mean_reward
        cases = {
            "wrong model": (planted.log, wrong),
            "wrong propensities": (wrong_propensities(planted.log), q),
            "both": (wrong_propensities(planted.log), wrong),
        }
        for name, (log, predictions) in cases.items():
            value = dr(log, planted.target, reward_predictions=predictions).value
            found[name].append(value - WORLD.truth)
    return {name: np.array(values) for name, values in found.items()}


def standard_errors(errors: Floats) -> float:
    return float(abs(errors.mean()) / (errors.std() / np.sqrt(len(errors))))


def test_a_wrong_model_is_corrected_by_the_propensities(errors: dict[str, Floats]) -> None:
    assert standard_errors(errors["wrong model"]) < 3


def test_wrong_propensities_are_harmless_beside_a_right_model(errors: dict[str, Floats]) -> None:
    assert standard_errors(errors["wrong propensities"]) < 3


def test_nothing_corrects_both_wrong(errors: dict[str, Floats]) -> None:
    assert standard_errors(errors["both"]) > 10


def test_without_a_model_it_is_ips() -> None:
    planted = draw_log(WORLD, 500, np.random.default_rng(3))
    zero = np.zeros(len(planted.log.actions))
    mine = dr(planted.log, planted.target, reward_predictions=zero)
    theirs = ips(planted.log, planted.target)
    assert (mine.value, mine.low, mine.high) == (theirs.value, theirs.low, theirs.high)


def test_a_good_model_gives_a_tighter_interval_than_weighting() -> None:
    planted = draw_log(WORLD, 4000, np.random.default_rng(4))
    mine, theirs = dr(planted.log, planted.target), ips(planted.log, planted.target)
    assert mine.high - mine.low < 0.6 * (theirs.high - theirs.low)
    assert mine.low < WORLD.truth < mine.high


def test_cross_fitted_estimates_are_unbiased() -> None:
    rng = np.random.default_rng(5)
    values = []
    for _ in range(200):
        planted = draw_log(WORLD, 200, rng)
        values.append(dr(planted.log, planted.target).value - WORLD.truth)
    assert standard_errors(np.array(values)) < 3


def test_without_a_model_self_normalised_dr_is_snips() -> None:
    planted = draw_log(WORLD, 500, np.random.default_rng(6))
    zero = np.zeros(len(planted.log.actions))
    mine = sndr(planted.log, planted.target, reward_predictions=zero)
    theirs = snips(planted.log, planted.target)
    assert (mine.value, mine.std_error) == pytest.approx((theirs.value, theirs.std_error))


def test_self_normalised_dr_comes_to_the_truth_whatever_the_model() -> None:
    errors = []
    for n in (200, 20_000):
        found = []
        for seed in range(20):
            planted = draw_log(WORLD, n, np.random.default_rng(seed))
            q = 4.0 - 0.5 * planted.mean_reward
            found.append(sndr(planted.log, planted.target, reward_predictions=q).value)
        errors.append(np.sqrt(np.square(np.array(found) - WORLD.truth).mean()))
    assert errors[1] < errors[0] / 5


def test_a_constant_in_the_model_does_not_move_self_normalised_dr() -> None:
    # Weights whose mean is not 1 would move plain DR by the constant times what is amiss.
    planted = draw_log(WORLD, 300, np.random.default_rng(7))
    q = planted.mean_reward
    moved = [
        e(planted.log, planted.target, reward_predictions=q + 100.0).value
        - e(planted.log, planted.target, reward_predictions=q).value
        for e in (sndr, dr)
    ]
    assert abs(moved[0]) < 1e-9
    assert abs(moved[1]) > 1.0
