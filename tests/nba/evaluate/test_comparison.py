"""Many policies in one pass: equal to asking for each alone, and new levers need no second pass."""

from dataclasses import replace

import numpy as np
import pytest

from nba.errors import InputError
from nba.evaluate.comparison import REWARD, Comparison, compare
from nba.evaluate.difference import difference
from nba.evaluate.doubly_robust import dr
from nba.evaluate.estimators import ESTIMATORS, WITHOUT_MODEL, SumEstimator
from nba.evaluate.rows import log_rows
from nba.evaluate.stats import Statistics
from nba.evaluate.tuning import tuned_dros
from nba.evaluate.weighting import ips, snips
from nba.listen.objective import Objective
from nba.types import DecisionLog, Estimate, Floats
from tests.planted_log import draw_log, flat_of_rows, make_world, take_rows

WORLD = make_world(np.random.default_rng(1), unit_effect=2.0, rows_per_unit=3)
PLANTED = draw_log(WORLD, 3000, np.random.default_rng(2))
LOG = PLANTED.log
TARGETS = {"new": PLANTED.target, "old": PLANTED.logging}
MODEL = 0.7 * PLANTED.mean_reward


def numbers(estimate: Estimate) -> Floats:
    return np.array([estimate.value, estimate.std_error, estimate.low, estimate.high, estimate.ess])


def alone(target: Floats, rows: np.ndarray | None = None) -> Statistics:
    statistics = Statistics()
    statistics.update(LOG, target, reward_predictions=MODEL, rows=rows)
    return statistics


FOUND = compare(LOG, TARGETS, segments=["tier"], predictions=MODEL)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: e.name)
def test_each_policy_is_told_as_if_it_were_alone(estimator: SumEstimator) -> None:
    for name, target in TARGETS.items():
        assert FOUND.estimate(name, estimator) == estimator.finalize(alone(target))


def test_each_segment_is_told_as_if_it_were_alone() -> None:
    tiers = sorted(set(LOG.segments["tier"]))
    assert FOUND.segments == tuple(f"tier={tier}" for tier in tiers)
    for tier in tiers:
        mine = FOUND.estimate("new", dr, segment=f"tier={tier}")
        wanted = dr.finalize(alone(PLANTED.target, np.asarray(LOG.segments["tier"] == tier)))
        np.testing.assert_allclose(numbers(mine), numbers(wanted), rtol=1e-12)
    rows = [FOUND.statistics("new", segment=name).total("n") for name in FOUND.segments]
    assert sum(rows) == 3000


@pytest.mark.parametrize("baseline", ["old", None])
def test_a_difference_is_that_of_the_two_alone(baseline: str | None) -> None:
    other = None if baseline is None else alone(PLANTED.logging)
    wanted = difference(alone(PLANTED.target), dr.estimand, baseline=other)
    assert FOUND.difference("new", baseline, dr) == wanted


def test_differences_of_tuned_estimators_use_one_strength_for_both() -> None:
    chosen = tuned_dros.choose(FOUND.statistics("new"))
    wanted = difference(alone(PLANTED.target), chosen, baseline=alone(PLANTED.logging))
    assert FOUND.difference("new", "old", tuned_dros) == wanted


def test_shards_merge_to_the_whole_in_any_order() -> None:
    shards = np.array_split(np.random.default_rng(3).permutation(3000), 5)
    parts = []
    for rows in shards:
        flat = flat_of_rows(LOG, rows)
        targets = {name: target[flat] for name, target in TARGETS.items()}
        parts.append(
            compare(take_rows(LOG, rows), targets, segments=["tier"], predictions=MODEL[flat])
        )
    for order in ([0, 1, 2, 3, 4], [4, 2, 0, 3, 1]):
        merged = Comparison()
        for place in order:
            merged.merge(parts[place])
        for segment in ("", *FOUND.segments):
            for estimator in ESTIMATORS:
                np.testing.assert_allclose(
                    numbers(merged.estimate("new", estimator, segment=segment)),
                    numbers(FOUND.estimate("new", estimator, segment=segment)),
                    rtol=1e-12,
                    atol=1e-12,
                )


def test_without_a_model_the_weighted_estimators_are_left() -> None:
    found = Comparison()
    found.update_rows("new", log_rows(LOG, PLANTED.target), [], component=REWARD)
    told = [estimate.method for estimate in found.estimates("new")]
    assert told == [estimator.name for estimator in WITHOUT_MODEL]


def with_components(weights: dict[str, float]) -> DecisionLog:
    rng = np.random.default_rng(4)
    outcomes = {"resolved": LOG.reward, "wait_s": rng.exponential(60.0, 3000) * (1 + LOG.chosen)}
    reward = Objective(weights).reward(outcomes)
    return replace(LOG, outcomes=outcomes, reward=reward)


OLD, NEW = {"resolved": 1.0, "wait_s": -0.01}, {"resolved": 1.0, "wait_s": -0.05}


@pytest.mark.parametrize("estimator", [ips, snips, dr, tuned_dros], ids=lambda e: e.name)
def test_new_levers_on_old_sums_are_a_new_pass(estimator: SumEstimator) -> None:
    first = compare(with_components(OLD), TARGETS, objective=Objective(OLD))
    again = compare(with_components(NEW), TARGETS)
    moved = first.with_levers({"wait_s": -0.05})
    for mine, wanted in (
        (moved.estimate("new", estimator), again.estimate("new", estimator)),
        (moved.difference("new", "old", estimator), again.difference("new", "old", estimator)),
    ):
        np.testing.assert_allclose(numbers(mine), numbers(wanted), rtol=1e-9)
    assert first.estimate("new", estimator).value != moved.estimate("new", estimator).value


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: e.name)
def test_an_objective_that_is_not_moved_is_the_plain_reward(estimator: SumEstimator) -> None:
    log = with_components(OLD)
    mine = compare(log, TARGETS, objective=Objective(OLD)).estimate("new", estimator)
    wanted = compare(log, TARGETS).estimate("new", estimator)
    np.testing.assert_allclose(numbers(mine), numbers(wanted), rtol=1e-9)


def test_a_rare_reward_is_not_forgotten_when_levers_move() -> None:
    # The range of a sum of components is at least that of the reward itself.
    first = compare(with_components(OLD), TARGETS, objective=Objective(OLD))
    moved = first.with_levers({"wait_s": 0.05}).statistics("new")
    reward = with_components({"resolved": 1.0, "wait_s": 0.05}).reward
    assert moved.reward_range[0] <= reward.min() < reward.max() <= moved.reward_range[1]


def test_a_row_counts_where_every_component_is_known() -> None:
    log = with_components(OLD)
    wait = log.outcomes["wait_s"].copy()
    wait[:100] = np.nan
    log = replace(log, outcomes={**log.outcomes, "wait_s": wait})
    log = replace(log, reward=Objective(OLD).reward(log.outcomes))
    found = compare(log, TARGETS, objective=Objective(OLD)).estimate("new", dr)
    assert found.diagnostics["rows"] == 2900
    assert found.diagnostics["rows_without_reward"] == 100


def test_unknown_names_are_told_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="no policy 'best'; there are new, old"):
        FOUND.estimate("best", dr)
    with pytest.raises(InputError, match="no segment 'age=9'; there are tier=0"):
        FOUND.estimate("new", dr, segment="age=9")
    with pytest.raises(InputError, match="no segment column 'age'; it has tier"):
        compare(LOG, TARGETS, segments=["age"], predictions=MODEL)
    with pytest.raises(InputError, match="sums of the reward alone"):
        FOUND.with_levers({"wait_s": 1.0})
    first = compare(with_components(OLD), TARGETS, objective=Objective(OLD))
    with pytest.raises(InputError, match="no component 'csat' in the objective"):
        first.with_levers({"csat": 1.0})
