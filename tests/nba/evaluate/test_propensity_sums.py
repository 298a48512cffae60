"""Propensities of other choices are seen and stop a verdict, right ones are left alone."""

from dataclasses import replace

import numpy as np
import pytest

from nba.evaluate.decision_check import check_decisions
from nba.evaluate.decision_evaluation import LogTarget, evaluate_decisions
from nba.evaluate.flat_check import check_flat
from nba.evaluate.flat_evaluation import action_target, evaluate_flat
from nba.evaluate.propensity_sums import MAX_Z, MIN_PICKS, PropensitySums
from nba.listen.flat_log import FlatLog
from nba.types import DecisionLog
from tests.planted_log import draw_log, make_world, take_rows

PLANTED = draw_log(make_world(np.random.default_rng(1), sharpness=2.0), 4000,
                   np.random.default_rng(2))  # fmt: skip
SHIFTED = replace(PLANTED.log, propensity=np.roll(PLANTED.log.propensity, 1))


def flat(*, shift: int = 0, by_unit: bool = False, n_actions: int | None = 3) -> FlatLog:
    rng = np.random.default_rng(6)
    p = np.array([0.1, 0.3, 0.6])
    action = np.repeat(rng.choice(3, 100, p=p), 50) if by_unit else rng.choice(3, 5000, p=p)
    return FlatLog(
        action=action.astype(str).astype(object),
        propensity=np.roll(p[action], shift),
        reward=rng.normal(1.0, 1.0, 5000),
        unit=np.array([f"u{i // 50}" for i in range(5000)], dtype=object) if by_unit else None,
        n_actions=None if n_actions is None else np.full(5000, n_actions),
    )


def worst(log: DecisionLog) -> float:
    sums = PropensitySums()
    sums.add(log)
    return max(choice.z for choice in sums.choices())


def test_right_propensities_pass_in_three_hundred_logs() -> None:
    world, rng = make_world(np.random.default_rng(1), sharpness=2.0), np.random.default_rng(2)
    found = [worst(draw_log(world, 1500, rng).log) for _ in range(300)]
    assert max(found) < MAX_Z
    assert np.mean(np.array(found) > 2.0) > 0.05  # it does vary


def test_a_policy_that_seldom_explores_passes_in_four_hundred_logs() -> None:
    """Its spread is in choices of which a short log has few: here six of each action on average."""
    rng = np.random.default_rng(3)
    for _ in range(400):
        best = rng.integers(8, size=1200)
        action = np.where(rng.random(1200) < 0.04, rng.integers(8, size=1200), best)
        p = np.where(action == best, 0.965, 0.005)
        log = FlatLog(action=action.astype(str).astype(object), propensity=p, reward=p,
                      n_actions=np.full(1200, 8))  # fmt: skip
        assert check_flat([log]).doubts == ()


def test_a_policy_that_never_explores_is_not_accused() -> None:
    action = np.random.default_rng(3).integers(8, size=1200)
    log = FlatLog(action=action.astype(str).astype(object), propensity=np.ones(1200),
                  reward=np.ones(1200), n_actions=np.full(1200, 8))  # fmt: skip
    assert check_flat([log]).doubts == ()


@pytest.mark.parametrize("rows", [1, 7, -1])
def test_a_shifted_column_is_seen(rows: int) -> None:
    log = PLANTED.log
    assert worst(replace(log, propensity=np.roll(log.propensity, rows))) > MAX_Z


def test_a_wrong_factor_is_seen() -> None:
    assert worst(replace(PLANTED.log, propensity=0.8 * PLANTED.log.propensity)) > MAX_Z


def test_actions_that_were_seldom_chosen_are_left_out() -> None:
    log, sums = take_rows(PLANTED.log, np.arange(500)), PropensitySums()
    sums.add(log)
    chosen = log.action_ids[log.offsets[:-1] + log.chosen].astype(str)
    counts = np.unique(chosen, return_counts=True)
    often = {name for name, n in zip(*counts, strict=True) if n >= MIN_PICKS}
    assert often
    assert {choice.action for choice in sums.choices()} == often


def test_slices_tell_the_mean_of_the_whole_with_the_greater_of_two_errors() -> None:
    sums, whole = PropensitySums(), PropensitySums()
    whole.add(SHIFTED)
    for rows in np.array_split(np.arange(4000), 5):
        sums.add(take_rows(SHIFTED, rows))
    assert len(sums.choices()) >= 15
    for mine, other in zip(sums.choices(), whole.choices(), strict=True):
        assert (mine.action, mine.picks) == (other.action, other.picks)
        assert (mine.mean, mine.error) == pytest.approx((other.mean, other.error), rel=1e-9)


def test_a_shifted_column_stops_a_verdict_and_a_right_one_does_not() -> None:
    target = LogTarget("planted", PLANTED.target)
    right, wrong = (evaluate_decisions(log, target) for log in (PLANTED.log, SHIFTED))
    assert right.check.doubts == ()
    assert wrong.result.verdict == "CANT_TELL"
    assert any("do not belong to the choices" in reason for reason in wrong.result.reasons)
    assert any("do not belong" in note for note in check_decisions(SHIFTED).notes)


def test_flat_logs_are_checked_the_same_way() -> None:
    assert check_flat([flat()]).doubts == ()
    assert check_flat([flat(n_actions=None)]).doubts == ()
    assert "do not belong" in check_flat([flat(shift=1)]).doubts[0]
    assert "do not belong" in check_flat([flat(shift=1, n_actions=None)]).doubts[0]
    answer = evaluate_flat([flat(shift=1)], action_target("1"))
    assert answer.result.verdict == "CANT_TELL"
    assert len(answer.check.choices) == 3


def test_choices_shared_by_a_customer_are_no_fault() -> None:
    assert check_flat([flat(by_unit=True)]).doubts == ()


def test_an_action_that_is_seldom_open_is_no_fault_of_a_flat_log() -> None:
    log = flat(n_actions=None)
    assert log.propensity is not None
    seldom = replace(log, action=np.where(np.arange(5000) % 2, log.action, "always").astype(object),
                     propensity=np.where(np.arange(5000) % 2, log.propensity, 1.0))  # fmt: skip
    assert check_flat([seldom]).doubts == ()
