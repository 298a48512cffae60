"""One evaluation: consistent with its parts, and right about a planted world."""

from dataclasses import replace

import numpy as np
import pytest

from nba.errors import InputError, LogError
from nba.evaluate.doubly_robust import dr
from nba.evaluate.estimators import ESTIMATORS
from nba.evaluate.evaluation import evaluate
from nba.evaluate.gate import Thresholds
from tests.planted_log import draw_log, make_world

WORLD = make_world(np.random.default_rng(1))
PLANTED = draw_log(WORLD, 4000, np.random.default_rng(2))
GAIN = WORLD.truth - WORLD.value(WORLD.logging)


def test_an_evaluation_holds_every_estimator_and_the_truth() -> None:
    found = evaluate(PLANTED.log, PLANTED.target)
    assert [e.method for e in found.estimates] == [e.name for e in ESTIMATORS]
    for estimate in found.estimates:
        if estimate.method != "dm":  # whose interval does not know of its model's bias
            assert estimate.low < WORLD.truth < estimate.high
    assert found.difference.low < GAIN < found.difference.high
    assert found.logging.value == pytest.approx(PLANTED.log.reward.mean())
    assert dr(PLANTED.log, PLANTED.target) in found.estimates


def test_the_verdict_follows_the_sign_of_the_gain() -> None:
    best = np.maximum.reduceat(PLANTED.mean_reward, PLANTED.log.offsets[:-1])
    greedy = PLANTED.mean_reward == np.repeat(best, np.diff(PLANTED.log.offsets))
    good = 0.5 * greedy + 0.5 * PLANTED.logging
    assert evaluate(PLANTED.log, good).result.verdict == "PROMOTE"
    assert evaluate(PLANTED.log, PLANTED.logging, baseline=good).result.verdict == "HOLD"
    strict = Thresholds(margin_eur=100.0)
    assert evaluate(PLANTED.log, good, thresholds=strict).result.verdict == "HOLD"


def test_a_target_that_harms_a_protected_segment_is_held() -> None:
    tier = PLANTED.log.segments["tier"]
    k = np.diff(PLANTED.log.offsets)
    values = sorted(set(tier))
    assert len(values) > 1
    harmed = np.repeat(tier == values[0], k)
    best = np.repeat(np.maximum.reduceat(PLANTED.mean_reward, PLANTED.log.offsets[:-1]), k)
    worst = np.repeat(np.minimum.reduceat(PLANTED.mean_reward, PLANTED.log.offsets[:-1]), k)
    wanted = PLANTED.mean_reward == np.where(harmed, worst, best)
    target = 0.4 * wanted + 0.6 * PLANTED.logging
    free = evaluate(PLANTED.log, target)
    guarded = evaluate(PLANTED.log, target, protect=["tier"])
    assert free.result.verdict == "PROMOTE"
    assert guarded.result.verdict == "HOLD"
    assert any(f"tier={values[0]}" in reason for reason in guarded.result.reasons)


def test_rows_without_a_reward_are_reported() -> None:
    reward = PLANTED.log.reward.copy()
    reward[:500] = np.nan
    found = evaluate(replace(PLANTED.log, reward=reward), PLANTED.target)
    assert found.check.used == 3500
    assert len(found.check.dropped["reward missing"]) == 500


def test_a_segment_without_rewards_is_left_out() -> None:
    segments = {"half": np.array(["a", "b"] * 2000, dtype=object)}
    reward = PLANTED.log.reward.copy()
    reward[::2] = np.nan
    log = replace(PLANTED.log, reward=reward, segments=segments)
    assert evaluate(log, PLANTED.target, protect=["half"]).check.used == 2000


def test_an_unknown_segment_is_named() -> None:
    with pytest.raises(InputError, match="no segment column 'age'; it has tier"):
        evaluate(PLANTED.log, PLANTED.target, protect=["age"])


def test_a_faulty_log_is_refused_before_any_work() -> None:
    propensity = PLANTED.log.propensity.copy()
    propensity[11] = np.nan
    with pytest.raises(LogError, match="row 11"):
        evaluate(replace(PLANTED.log, propensity=propensity), PLANTED.target)
