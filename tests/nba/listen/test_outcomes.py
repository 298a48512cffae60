"""Joining outcomes: the first one inside its window counts, and nothing vanishes uncounted."""

from dataclasses import astuple, replace

import numpy as np
import pytest

from nba.errors import InputError, LogError
from nba.listen.objective import Objective
from nba.listen.outcomes import JoinReport, OutcomeColumns, join_outcomes
from nba.types import DecisionLog, Outcome
from tests.planted_log import draw_log, make_world

OBJECTIVE = Objective({"resolved": 7.0, "wait_s": -0.01})
WINDOW_S = {"resolved": 100.0, "wait_s": 50.0, "csat": 100.0}


@pytest.fixture
def log() -> DecisionLog:
    """Decisions 0, 1, 2 at 0 s, 1 s, 2 s without outcomes."""
    planted = draw_log(make_world(np.random.default_rng(1)), 3, np.random.default_rng(2)).log
    return replace(planted, outcomes={}, reward=np.full(3, np.nan))


def columns(*rows: tuple[int, str, float, float]) -> OutcomeColumns:
    return OutcomeColumns.from_outcomes(
        Outcome(f"decision-{i}", name, value, at) for i, name, value, at in rows
    )


def join(
    log: DecisionLog, outcomes: OutcomeColumns, now: float = 1e6
) -> tuple[DecisionLog, JoinReport]:
    return join_outcomes(log, outcomes, objective=OBJECTIVE, now=now, window_s=WINDOW_S)


def test_a_reward_appears_when_every_weighted_component_is_there(log: DecisionLog) -> None:
    outcomes = columns((0, "resolved", 1, 10), (0, "wait_s", 30, 5), (1, "resolved", 1, 10))
    joined, report = join(log, outcomes)
    np.testing.assert_allclose(joined.reward, [7.0 - 0.3, np.nan, np.nan])
    np.testing.assert_array_equal(joined.outcomes["resolved"], [1, 1, np.nan])
    assert report == JoinReport(3, 0, 0, 0, 0, 0, without_reward=2)


def test_the_earliest_outcome_counts_whatever_the_order_of_arrival(log: DecisionLog) -> None:
    joined, report = join(log, columns((0, "resolved", 0, 20), (0, "resolved", 1, 10)))
    assert joined.outcomes["resolved"][0] == 1
    assert (report.joined, report.duplicate) == (1, 1)


def test_joining_the_same_outcomes_again_changes_nothing(log: DecisionLog) -> None:
    outcomes = columns((0, "resolved", 1, 10), (0, "wait_s", 30, 5), (2, "csat", 4, 90))
    once, _ = join(log, outcomes)
    twice, report = join(once, outcomes)
    np.testing.assert_array_equal(once.reward, twice.reward)
    for name, values in once.outcomes.items():
        np.testing.assert_array_equal(values, twice.outcomes[name])
    assert (report.joined, report.duplicate) == (0, 3)


def test_outcomes_may_come_in_several_deliveries(log: DecisionLog) -> None:
    parts = [columns((0, "resolved", 1, 10)), columns((0, "wait_s", 30, 5))]
    for part in parts:
        log, _ = join(log, part)
    assert log.reward[0] == pytest.approx(6.7)


def test_the_window_ends_are_inside_and_later_is_late(log: DecisionLog) -> None:
    joined, report = join(log, columns((0, "wait_s", 1, 50.0), (1, "wait_s", 1, 51.001)))
    np.testing.assert_array_equal(joined.outcomes["wait_s"], [1, np.nan, np.nan])
    assert (report.joined, report.late) == (1, 1)


def test_an_outcome_of_an_unknown_decision_is_counted(log: DecisionLog) -> None:
    _, report = join(log, columns((77, "resolved", 1, 10)))
    assert (report.joined, report.unknown_decision) == (0, 1)


def test_an_outcome_before_its_decision_or_after_now_is_not_joined(log: DecisionLog) -> None:
    outcomes = columns((2, "resolved", 1, 1.5), (0, "resolved", 1, 30))
    joined, report = join(log, outcomes, now=20.0)
    assert np.isnan(joined.outcomes["resolved"]).all()
    assert report.out_of_time == 2
    assert join(log, outcomes, now=30.0)[1].joined == 1


def test_a_default_fills_only_a_closed_window(log: DecisionLog) -> None:
    joined, report = join_outcomes(
        log,
        columns((0, "wait_s", 30, 5)),
        objective=OBJECTIVE,
        now=51.0,
        window_s=WINDOW_S,
        defaults={"wait_s": 0.0},
    )
    np.testing.assert_array_equal(joined.outcomes["wait_s"], [30, 0, np.nan])
    assert report.defaulted == 1


def test_every_outcome_is_accounted_for(log: DecisionLog) -> None:
    rng = np.random.default_rng(5)
    outcomes = columns(
        *[
            (int(i), ("resolved", "wait_s", "csat")[int(i) % 3], 1.0, float(at))
            for i, at in zip(rng.integers(0, 5, 500), rng.uniform(-20, 200, 500), strict=True)
        ]
    )
    _, report = join(log, outcomes, now=150.0)
    counts = astuple(report)[:5]
    assert sum(counts) == 500
    assert min(counts) > 0


def test_one_window_may_hold_for_every_component(log: DecisionLog) -> None:
    _, report = join_outcomes(
        log, columns((0, "csat", 5, 60)), objective=OBJECTIVE, now=1e6, window_s=59.0
    )
    assert report.late == 1


def test_no_outcomes_leave_every_reward_open(log: DecisionLog) -> None:
    joined, report = join(log, columns())
    assert np.isnan(joined.reward).all()
    assert report.without_reward == 3


def test_a_component_without_a_window_is_named(log: DecisionLog) -> None:
    with pytest.raises(InputError, match="'nps' has no window"):
        join(log, columns((0, "nps", 9, 10)))


def test_an_unknown_default_is_named(log: DecisionLog) -> None:
    with pytest.raises(InputError, match="defaults name 'churn'"):
        join_outcomes(
            log, columns(), objective=OBJECTIVE, now=0, window_s=1.0, defaults={"churn": 0.0}
        )


def test_a_negative_window_is_refused(log: DecisionLog) -> None:
    with pytest.raises(InputError, match=r"window_s\['resolved'\] is -1"):
        join_outcomes(log, columns(), objective=OBJECTIVE, now=0, window_s=-1.0)


def test_a_decision_id_that_stands_twice_is_refused(log: DecisionLog) -> None:
    twice = replace(log, decision_id=np.array(["a", "b", "a"], dtype=object))
    with pytest.raises(LogError, match="rows 0 and 2"):
        join(twice, columns())


def test_columns_refuse_values_that_are_not_numbers() -> None:
    ids = np.array(["a", "b"], dtype=object)
    with pytest.raises(InputError, match="outcome row 1"):
        OutcomeColumns(ids, ids, np.array([1.0, np.nan]), np.zeros(2))


def test_columns_of_unequal_length_are_refused() -> None:
    ids = np.array(["a", "b"], dtype=object)
    with pytest.raises(InputError, match="value has 1 rows; 2 are needed"):
        OutcomeColumns(ids, ids, np.zeros(1), np.zeros(2))
