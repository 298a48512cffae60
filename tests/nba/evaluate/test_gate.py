"""The gate: each doubt stops it with its reason, and luck alone seldom passes it."""

from dataclasses import replace

import numpy as np
import pytest

from nba.evaluate.difference import difference
from nba.evaluate.doubly_robust import dr
from nba.evaluate.gate import Thresholds, gate
from nba.evaluate.power import PowerPlan
from nba.evaluate.stats import Statistics
from nba.types import Estimate, Verdict
from tests.planted_log import PlantedWorld, draw_log, make_world

SOUND = {
    "rows": 5000.0,
    "mean_weight": 1.0,
    "mean_weight_z": 0.3,
    "max_weight_share": 0.002,
}


def found(value: float, reach: float, ess: float = 2000.0, **diagnostics: float) -> Estimate:
    return Estimate(
        value=value,
        std_error=reach / 1.96,
        low=value - reach,
        high=value + reach,
        ess=ess,
        method="dr",
        diagnostics={**SOUND, **diagnostics},
    )


def test_a_clear_gain_is_promoted() -> None:
    result = gate(found(0.5, 0.2))
    assert result.verdict == "PROMOTE"
    assert "+0.500 EUR" in result.reasons[0]


def test_a_gain_within_the_margin_is_not_enough() -> None:
    assert gate(found(0.5, 0.2), thresholds=Thresholds(margin_eur=0.2)).verdict == "PROMOTE"
    assert gate(found(0.5, 0.2), thresholds=Thresholds(margin_eur=0.4)).verdict == "CANT_TELL"
    assert gate(found(0.5, 0.2), thresholds=Thresholds(margin_eur=0.8)).verdict == "HOLD"


def test_a_clear_loss_is_held() -> None:
    assert gate(found(-0.5, 0.2)).verdict == "HOLD"


def test_an_interval_over_the_margin_tells_how_many_rows_would_settle_it() -> None:
    result = gate(found(0.1, 0.2))
    assert result.verdict == "CANT_TELL"
    assert "about 20,000 rows" in result.reasons[1]  # twice as near needs four times the rows
    assert "hardly settle" in gate(found(0.0, 0.2)).reasons[1]


@pytest.mark.parametrize(
    ("estimate", "unsupported", "reason"),
    [
        (found(0.5, 0.2, ess=99.0), 0.0, "effective sample size is 99 of 5000 rows"),
        (found(0.5, 0.2, ess=0.0), 0.0, "log about many more rows"),
        (found(0.5, 0.2, mean_weight_z=4.1), 0.0, "+4.1 standard errors from 1"),
        (found(0.5, 0.2, mean_weight_z=-np.inf), 0.0, "-inf standard errors from 1"),
        (found(0.5, 0.2, max_weight_share=0.051), 0.0, "one row holds 5.1% of all weight"),
        (found(0.5, 0.2), 0.02, "2.0% of the target's choices"),
    ],
)
def test_a_log_that_cannot_carry_a_verdict_gives_none(
    estimate: Estimate, unsupported: float, reason: str
) -> None:
    result = gate(estimate, unsupported=unsupported)
    assert result.verdict == "CANT_TELL"
    assert any(reason in line for line in result.reasons), result.reasons


def test_rows_of_a_few_days_are_a_few_witnesses() -> None:
    result = gate(found(0.5, 0.2, unit_buckets=12.0))
    assert result.verdict == "CANT_TELL"
    assert "of 12 units; 20 are needed" in result.reasons[0]


@pytest.mark.parametrize(
    ("robust_gamma", "verdict", "reason"),
    [
        (None, "CANT_TELL", "nothing tells how wrong"),
        (0.0, "CANT_TELL", "by 1.00 would explain the gain away"),
        (1.06, "CANT_TELL", "by 1.06 would explain the gain away; it must stand up to 1.2"),
        (1.5, "PROMOTE", "+0.500 EUR"),
    ],
)
def test_a_gain_on_estimated_propensities_must_stand_up_to_hidden_causes(
    robust_gamma: float | None, verdict: Verdict, reason: str
) -> None:
    estimated = found(0.5, 0.2, propensity_estimated=1.0)
    result = gate(estimated, robust_gamma=robust_gamma)
    assert result.verdict == verdict
    assert reason in result.reasons[0]
    worse = gate(found(-0.5, 0.2, propensity_estimated=1.0), robust_gamma=robust_gamma)
    assert worse.verdict == "HOLD"  # no harm is done by holding


def test_a_plan_says_what_would_settle_it() -> None:
    plan = PowerPlan(0.1, 0.95, 0.8, rows={0.0: 20_000.0, 0.1: 3_000.0})
    reason = gate(found(0.1, 0.2), plan=plan).reasons[1]
    assert "about 20,000 rows, or 3,000 if the target takes 10% of them" in reason


def test_every_doubt_is_told() -> None:
    estimate = found(0.5, 0.2, ess=5.0, mean_weight_z=9.0, max_weight_share=0.5)
    assert len(gate(estimate, unsupported=0.5).reasons) == 4


def test_harm_in_a_protected_segment_holds_a_gain_back() -> None:
    segments = {"tier=high": found(-0.3, 0.1), "tier=low": found(-0.1, 0.2)}
    result = gate(found(0.5, 0.2), segments=segments)
    assert result.verdict == "HOLD"
    assert "tier=high" in result.reasons[1]
    assert len(result.reasons) == 2  # tier=low is not clearly worse


def test_an_estimate_without_an_error_is_not_promoted() -> None:
    assert gate(replace(found(0.5, 0.2), low=-np.inf, high=np.inf)).verdict == "CANT_TELL"


def verdicts(world: PlantedWorld, n: int, logs: int) -> list[Verdict]:
    rng = np.random.default_rng(6)
    said: list[Verdict] = []
    for _ in range(logs):
        planted = draw_log(world, n, rng)
        statistics = Statistics()
        statistics.update(planted.log, planted.target, reward_predictions=0.5 * planted.mean_reward)
        said.append(gate(difference(statistics, dr.estimand)).verdict)
    return said


def test_a_target_that_is_no_better_is_seldom_promoted() -> None:
    # All actions of a situation earn the same, so every policy is worth the same.
    world = make_world(np.random.default_rng(1))
    k = np.diff(world.offsets)
    same = np.repeat(world.mean_reward[world.offsets[:-1]], k)
    said = verdicts(replace(world, mean_reward=same), 800, 500)
    assert said.count("PROMOTE") / 500 <= 0.05  # one end of a 95 % interval: 0.025


def test_a_target_that_is_much_better_is_mostly_promoted() -> None:
    world = make_world(np.random.default_rng(1))
    best = np.maximum.reduceat(world.mean_reward, world.offsets[:-1])
    greedy = (world.mean_reward == np.repeat(best, np.diff(world.offsets))).astype(np.float64)
    said = verdicts(replace(world, target=0.7 * greedy + 0.3 * world.logging), 800, 100)
    assert said.count("PROMOTE") > 80
