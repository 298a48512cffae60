"""The check: which rows can be used, and by reason which cannot."""

from dataclasses import replace

import numpy as np
import pytest

from nba.errors import LogError
from nba.evaluate.check import check_log, find_faults, validate_log
from nba.types import DecisionLog
from tests.planted_log import draw_log, make_world


@pytest.fixture
def log() -> DecisionLog:
    return draw_log(make_world(np.random.default_rng(1)), 100, np.random.default_rng(2)).log


def with_rows(log: DecisionLog, name: str, rows: list[int], value: float) -> DecisionLog:
    column = getattr(log, name).copy()
    column[rows] = value
    return replace(log, **{name: column})


def test_a_sound_log_is_usable_in_full(log: DecisionLog) -> None:
    found = check_log(log)
    assert found.usable
    assert (found.rows, found.used, dict(found.dropped)) == (100, 100, {})
    assert found.propensity == "present"
    assert found.reward_range == (log.reward.min(), log.reward.max())
    assert found.loggers == {"planted": 100}
    assert found.notes == ()


def test_rows_are_dropped_by_reason_with_their_numbers(log: DecisionLog) -> None:
    log = with_rows(log, "reward", [3, 50], np.nan)
    log = with_rows(log, "propensity", [4], np.nan)
    log = with_rows(log, "propensity", [5, 6], 1.5)
    log = with_rows(log, "context", [6], np.inf)
    found = check_log(log)
    assert {reason: rows.tolist() for reason, rows in found.dropped.items()} == {
        "propensity missing": [4],
        "propensity outside (0, 1]": [5, 6],
        "feature not finite": [6],
        "reward missing": [3, 50],
    }
    assert found.used == 95
    assert not found.usable
    assert found.propensity == "faulty"


def test_missing_rewards_alone_leave_a_log_usable(log: DecisionLog) -> None:
    found = check_log(with_rows(log, "reward", [3, 50], np.nan))
    assert found.usable
    assert found.used == 98


def test_a_log_without_any_reward_is_not_usable(log: DecisionLog) -> None:
    found = check_log(replace(log, reward=np.full(100, np.nan)))
    assert not found.usable
    assert np.isnan(found.reward_range).all()


def test_the_propensity_column_is_described(log: DecisionLog) -> None:
    assert check_log(replace(log, propensity=np.full(100, 0.5))).propensity == "constant"
    assert check_log(replace(log, propensity=np.full(100, np.nan))).propensity == "missing"


def test_a_repeated_decision_is_dropped_from_its_second_row_on(log: DecisionLog) -> None:
    ids = log.decision_id.copy()
    ids[[40, 90]] = ids[7]
    found = check_log(replace(log, decision_id=ids))
    assert found.dropped["decision repeated"].tolist() == [40, 90]


def test_a_bad_action_feature_is_told_by_action_and_column(log: DecisionLog) -> None:
    actions = log.actions.copy()
    actions[log.offsets[8] + 1, 2] = np.nan
    bad = replace(log, actions=actions)
    assert find_faults(bad)["feature not finite"].tolist() == [8]
    name = log.action_ids[log.offsets[8] + 1]
    with pytest.raises(LogError, match=f"row 8 .* resolve_estimate of action '{name}' is nan"):
        validate_log(bad)


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("propensity", np.nan, "propensity missing; log the probability"),
        ("propensity", 0.0, r"propensity outside \(0, 1\], it is 0;"),
        ("chosen", 9, "chosen out of range, it is 9 of"),
        ("context", np.nan, "feature not finite, context load is nan"),
        ("reward", -np.inf, "reward infinite, it is -inf"),
    ],
)
def test_the_first_bad_row_is_named_with_value_and_remedy(
    log: DecisionLog, name: str, value: float, line: str
) -> None:
    bad = with_rows(log, name, [17, 23], value)
    with pytest.raises(LogError, match=rf"row 17 \(decision 'decision-17'\) \(and 1 more.*{line}"):
        validate_log(bad)


def test_a_sound_log_passes(log: DecisionLog) -> None:
    validate_log(with_rows(log, "reward", [1], np.nan))


def test_support_counts_where_a_kind_was_eligible_and_chosen(log: DecisionLog) -> None:
    found = check_log(log).support
    queue = log.actions[log.offsets[:-1] + log.chosen, 0] > 0.5
    assert found["queue"] == (100, int(queue.sum()))
    assert found["employee"][1] == int((~queue).sum())


def test_a_kind_that_was_never_chosen_is_noted(log: DecisionLog) -> None:
    found = check_log(replace(log, chosen=np.zeros(100, dtype=np.int64)))
    assert found.support["employee"][1] == 0
    assert any(note.startswith("employee was eligible") for note in found.notes)


def test_several_loggers_and_rows_out_of_time_are_noted(log: DecisionLog) -> None:
    versions = log.policy_version.copy()
    versions[:30] = "older"
    found = check_log(replace(log, policy_version=versions, at=log.at[::-1].copy()))
    assert found.loggers == {"older": 30, "planted": 70}
    assert len(found.notes) == 2


def test_an_empty_action_set_is_refused(log: DecisionLog) -> None:
    offsets = log.offsets.copy()
    offsets[6] = offsets[5]
    with pytest.raises(LogError, match="row 5 has 0 actions"):
        check_log(replace(log, offsets=offsets))
