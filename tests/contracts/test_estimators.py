"""What every estimator must obey. A new one joins by one line in nba.evaluate.estimators."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from nba.errors import InputError, LogError
from nba.evaluate.direct import dm
from nba.evaluate.doubly_robust import dr, sndr
from nba.evaluate.estimand import GRIDS
from nba.evaluate.estimators import ESTIMATORS as SHOWN
from nba.evaluate.estimators import SumEstimator
from nba.evaluate.shrinkage import clipped_ips, dros, sub_gaussian, switch_dr
from nba.evaluate.stats import Statistics
from nba.evaluate.tuning import TunedEstimator
from nba.evaluate.weighting import ips, snips
from nba.types import DecisionLog, Estimate, Estimator, Floats
from tests.planted_log import PlantedLog, draw_log, flat_of_rows, make_world, take_rows

ESTIMATORS: tuple[SumEstimator, ...] = (
    *SHOWN,
    *(TunedEstimator(family, "mse") for family in GRIDS),
    clipped_ips(2.0),
    sub_gaussian(0.1),
    switch_dr(2.0),
    dros(10.0),
)
MODELLED = ("dm", "dr", "sndr", "switch-dr", "dros")
PLANTED = draw_log(
    make_world(np.random.default_rng(1), unit_effect=1.0, rows_per_unit=3),
    900,
    np.random.default_rng(2),
)
FEW = draw_log(make_world(np.random.default_rng(3), sharpness=4.0), 60, np.random.default_rng(4))
# Wrong propensities: every weight is doubled, so a plain average is far from a reweighted one.
OFF = replace(FEW, log=replace(FEW.log, propensity=0.5 * FEW.log.propensity))
WRONG = 0.5 * PLANTED.mean_reward + 1.0  # a model that is useful and not right

every_estimator = pytest.mark.parametrize(
    "estimator", ESTIMATORS, ids=[f"{place}-{each.name}" for place, each in enumerate(ESTIMATORS)]
)


def modelled(estimator: SumEstimator) -> bool:
    return estimator.name.partition("[")[0] in MODELLED


def ask(estimator: SumEstimator, planted: PlantedLog = PLANTED, level: float = 0.95) -> Estimate:
    q = 0.5 * planted.mean_reward + 1.0
    return estimator(planted.log, planted.target, level=level, reward_predictions=q)


def numbers(estimate: Estimate) -> Floats:
    return np.array([estimate.value, estimate.std_error, estimate.low, estimate.high, estimate.ess])


@every_estimator
def test_an_estimator_needs_only_a_log_and_a_target(estimator: Estimator) -> None:
    found = estimator(PLANTED.log, PLANTED.target)
    assert found.method == estimator.name
    assert found.level == 0.95
    assert np.isfinite(numbers(found)).all()


@every_estimator
@pytest.mark.parametrize("planted", [PLANTED, FEW, OFF], ids=["many", "few", "off"])
def test_the_interval_contains_the_point(estimator: SumEstimator, planted: PlantedLog) -> None:
    found = ask(estimator, planted)
    assert found.low <= found.value <= found.high
    assert found.low < found.high
    assert found.std_error > 0


@every_estimator
def test_a_higher_level_gives_a_wider_interval(estimator: SumEstimator) -> None:
    widths = [ask(estimator, level=level) for level in (0.8, 0.95, 0.99)]
    assert np.all(np.diff([found.high - found.low for found in widths]) > 0)


@every_estimator
def test_the_order_of_the_rows_does_not_matter(estimator: SumEstimator) -> None:
    order = np.random.default_rng(5).permutation(len(PLANTED.log))
    flat = flat_of_rows(PLANTED.log, order)
    found = estimator(
        take_rows(PLANTED.log, order), PLANTED.target[flat], reward_predictions=WRONG[flat]
    )
    np.testing.assert_allclose(numbers(found), numbers(ask(estimator)), rtol=1e-12)


@every_estimator
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 1, 0, 2)])
def test_shards_merge_to_the_whole_in_any_order(
    estimator: SumEstimator, order: tuple[int, ...]
) -> None:
    shards = np.array_split(np.random.default_rng(6).permutation(len(PLANTED.log)), 4)
    merged = Statistics()
    for shard in order:
        flat = flat_of_rows(PLANTED.log, shards[shard])
        part = Statistics()
        part.update(
            take_rows(PLANTED.log, shards[shard]),
            PLANTED.target[flat],
            reward_predictions=WRONG[flat],
        )
        merged.merge(part)
    found = estimator.finalize(merged)
    np.testing.assert_allclose(numbers(found), numbers(ask(estimator)), rtol=1e-12)


@every_estimator
@pytest.mark.parametrize("factor", [2.5, -3.0])
@pytest.mark.parametrize("planted", [PLANTED, FEW], ids=["many", "few"])
def test_rewards_in_another_currency_scale_everything(
    estimator: SumEstimator, factor: float, planted: PlantedLog
) -> None:
    before = ask(estimator, planted)
    found = estimator(
        replace(planted.log, reward=factor * planted.log.reward),
        planted.target,
        reward_predictions=factor * (0.5 * planted.mean_reward + 1.0),
    )
    ends = sorted([factor * before.low, factor * before.high])
    wanted = [factor * before.value, abs(factor) * before.std_error, *ends, before.ess]
    np.testing.assert_allclose(numbers(found), wanted, rtol=1e-9)


@every_estimator
def test_a_constant_reward_is_told_of_any_target(estimator: SumEstimator) -> None:
    # The weights' noise is in ips; a constant is exact only where it cancels.
    log = replace(PLANTED.log, reward=np.full(len(PLANTED.log), 4.0))
    found = estimator(log, PLANTED.target, reward_predictions=np.full(len(log.actions), 4.0))
    if modelled(estimator) or estimator is snips:
        assert found.value == pytest.approx(4.0, abs=1e-12)
    if estimator is ips:
        assert found.value == pytest.approx(4.0 * found.diagnostics["mean_weight"])


@every_estimator
def test_the_logging_policy_is_worth_what_it_earned(estimator: SumEstimator) -> None:
    found = estimator(PLANTED.log, PLANTED.logging, reward_predictions=WRONG)
    mean = PLANTED.log.reward.mean()
    if not modelled(estimator):
        assert found.value == pytest.approx(mean, rel=1e-12)
    if estimator is not dm:
        assert found.ess == pytest.approx(len(PLANTED.log))
    if estimator in (dr, sndr):
        assert found.low < mean < found.high


@every_estimator
def test_rows_without_a_reward_are_left_out_and_counted(estimator: SumEstimator) -> None:
    rows = np.arange(0, len(PLANTED.log), 2)
    reward = PLANTED.log.reward.copy()
    reward[1::2] = np.nan
    found = estimator(replace(PLANTED.log, reward=reward), PLANTED.target, reward_predictions=WRONG)
    flat = flat_of_rows(PLANTED.log, rows)
    wanted = estimator(
        take_rows(PLANTED.log, rows), PLANTED.target[flat], reward_predictions=WRONG[flat]
    )
    np.testing.assert_allclose(numbers(found), numbers(wanted), rtol=1e-12)
    assert found.diagnostics["rows"] == 450
    assert found.diagnostics["rows_without_reward"] == 450


def with_value(name: str, value: float) -> Callable[[DecisionLog], DecisionLog]:
    def change(log: DecisionLog) -> DecisionLog:
        column = getattr(log, name).copy()
        column[7] = value
        return replace(log, **{name: column})

    return change


def with_repeated_id(log: DecisionLog) -> DecisionLog:
    return replace(log, decision_id=np.append(log.decision_id[:7], log.decision_id[:893]))


@every_estimator
@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (with_value("propensity", np.nan), "propensity missing"),
        (with_value("propensity", 0.0), "propensity outside"),
        (with_value("propensity", -0.5), "propensity outside"),
        (with_value("propensity", 1.5), "propensity outside"),
        (with_value("chosen", 99), "chosen out of range"),
        (with_value("chosen", -1), "chosen out of range"),
        (with_value("context", np.nan), "feature not finite"),
        (with_value("reward", np.inf), "reward infinite"),
        (with_repeated_id, "decision repeated"),
    ],
)
def test_a_bad_row_is_refused_by_its_number(
    estimator: SumEstimator, spoil: Callable[[DecisionLog], DecisionLog], reason: str
) -> None:
    with pytest.raises(LogError, match=rf"row 7 \(decision .*\).*{reason}") as caught:
        estimator(spoil(PLANTED.log), PLANTED.target, reward_predictions=WRONG)
    assert "\n" not in str(caught.value)


@every_estimator
def test_a_log_without_rewards_is_refused(estimator: SumEstimator) -> None:
    log = replace(PLANTED.log, reward=np.full(900, np.nan))
    with pytest.raises(LogError, match="reward"):
        estimator(log, PLANTED.target, reward_predictions=WRONG)


@every_estimator
def test_a_target_that_is_no_distribution_is_refused(estimator: SumEstimator) -> None:
    target = PLANTED.target.copy()
    target[PLANTED.log.offsets[5]] += 0.1
    with pytest.raises(InputError, match=r"target probabilities of row 5 sum to 1\.1"):
        estimator(PLANTED.log, target, reward_predictions=WRONG)
    with pytest.raises(InputError, match="target probabilities have shape"):
        estimator(PLANTED.log, PLANTED.target[1:], reward_predictions=WRONG)


@every_estimator
def test_a_level_outside_0_and_1_is_refused(estimator: SumEstimator) -> None:
    with pytest.raises(InputError, match="level is 95"):
        ask(estimator, level=95.0)
