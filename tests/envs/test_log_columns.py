"""The log's columns say which decision of which site and day a row is, and when it was."""

from datetime import UTC, datetime

import numpy as np
import pytest

import envs.logging
from envs.day_blocks import DayBlock
from envs.log_columns import FIRST_MONDAY, opening_time
from envs.logging import logged_slices
from envs.presets import preset
from envs.state import FIRST_EMPLOYEE
from nba.act.uniform import Uniform
from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import ACTION_KINDS, DecisionLog

BANK = preset("bank")


def logged(block: DayBlock) -> DecisionLog:
    ((log, _),) = logged_slices(Uniform(), BANK, block, seed=7, watch=lambda _: None)
    return log


def test_a_decision_s_name_tells_seed_site_working_day_and_number() -> None:
    log = logged(DayBlock(2, 3, 2, one_site=True))
    parts = np.array([name.split("-") for name in log.decision_id]).astype(int)
    assert set(parts[:, 0]) == {7}
    assert set(parts[:, 1]) == {2}
    assert sorted(set(parts[:, 2])) == [3, 4]
    for day in (3, 4):
        assert parts[parts[:, 2] == day, 3].tolist() == list(range((parts[:, 2] == day).sum()))
    assert len(set(log.decision_id)) == len(log)
    assert log.unit[0].startswith("7-2-3-c")


def test_the_time_agrees_with_the_day_and_with_what_the_policy_saw() -> None:
    log = logged(DayBlock(0, 4, 2, one_site=True))
    day = np.array([name.split("-")[2] for name in log.decision_id]).astype(int)
    midnight = opening_time(BANK, day) - BANK.open_hour * 3600.0
    hour = (log.at - midnight) / 3600.0
    seen = log.context[:, CONTACT_CENTRE.context_column("hour")]
    np.testing.assert_allclose(hour, seen, atol=1e-3)
    weekday = log.context[:, CONTACT_CENTRE.context_column("weekday")]
    assert [datetime.fromtimestamp(t, UTC).weekday() for t in log.at] == weekday.tolist()
    assert sorted(set(weekday)) == [0.0, 4.0]  # Friday, then the Monday after it


def test_the_first_working_day_is_a_monday() -> None:
    assert datetime.fromtimestamp(FIRST_MONDAY, UTC).isoformat() == "2026-01-05T00:00:00+00:00"


def test_an_action_s_name_agrees_with_its_features() -> None:
    log = logged(DayBlock(0, 0, 1, one_site=True))
    first = CONTACT_CENTRE.action_column(f"kind={ACTION_KINDS[0]}")
    kind = log.actions[:, first : first + len(ACTION_KINDS)].argmax(axis=1)
    for name, number in zip(log.action_ids, kind, strict=True):
        assert name.startswith(ACTION_KINDS[number])
    named = {name for name in log.action_ids if name.startswith("employee-")}
    assert named == {f"employee-{k:03d}" for k in range(BANK.n_employees)}


def test_slices_are_small_and_add_up_to_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    block = DayBlock(0, 0, 2, one_site=True)
    whole = logged(block)
    monkeypatch.setattr(envs.logging, "SLICE_ACTIONS", 1500)
    slices = list(logged_slices(Uniform(), BANK, block, seed=7, watch=lambda _: None))
    assert len(slices) == -(-len(whole.action_ids) // 1500)
    assert max(len(log.action_ids) for log, _ in slices) < 1500 + FIRST_EMPLOYEE + BANK.n_employees
    for name in ("decision_id", "actions", "action_ids", "chosen", "at"):
        added = np.concatenate([getattr(log, name) for log, _ in slices])
        np.testing.assert_array_equal(added, getattr(whole, name))
    for log, outcomes in slices:
        assert set(outcomes.decision_id) <= set(log.decision_id)
