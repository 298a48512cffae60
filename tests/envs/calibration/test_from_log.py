"""A log's decisions as attempts: arrivals, what follows, what comes back."""

from dataclasses import replace

import numpy as np
import pytest

from envs.calibration.contacts import Contacts
from envs.calibration.from_log import contacts_of
from nba.errors import InputError
from nba.types import DecisionLog
from tests.envs.calibration.planted_centre import planted_log


@pytest.fixture(scope="module")
def log() -> DecisionLog:
    return planted_log(3, seed=11)


@pytest.fixture(scope="module")
def rows(log: DecisionLog) -> Contacts:
    return contacts_of(log, chat_slots=2)


def test_every_decision_is_one_attempt_in_order_of_time(log: DecisionLog, rows: Contacts) -> None:
    none = log.actions[log.offsets[:-1] + log.chosen, log.action_names.index("kind=none")]
    assert none.sum() > 0  # nobody gets in touch: that is a decision, but no attempt
    assert (np.diff(rows.at) >= 0).all()
    assert np.array_equal(np.sort(log.at[none == 0.0]), rows.at)


def test_each_customer_opens_a_day_once(rows: Contacts) -> None:
    opened = np.bincount(rows.customer[rows.opens])
    assert (opened == 1).all()
    steps = rows.at[~rows.opens]
    assert len(steps) > 0


def test_a_bot_that_escalates_is_followed_by_a_row_that_says_so(rows: Contacts) -> None:
    escalated = rows.take((rows.kind == "voice_bot") & ~np.isnan(rows.next_at))
    assert len(escalated) > 20
    for customer, at in zip(escalated.customer[:20], escalated.next_at[:20], strict=True):
        after = rows.take((rows.customer == customer) & (rows.at == at))
        assert after.tried_bot.all()
        assert not after.opens.any()
    first = rows.take(rows.opens)
    assert not first.tried_bot.any()
    assert not first.called_back.any()


def test_only_unresolved_contacts_are_followed_by_a_return(rows: Contacts) -> None:
    back = ~np.isnan(rows.returned_at)
    assert back.sum() > 50
    assert (rows.resolved[back] == 0.0).all()
    assert np.isnan(rows.next_at[back]).all()


def test_a_free_named_employee_answers_at_once(rows: Contacts) -> None:
    direct = rows.take(rows.idle & ~np.isnan(rows.wait_s))
    assert (direct.wait_s == 0.0).all()
    assert (direct.employee >= 0).all()
    assert (rows.employee[rows.kind == "queue"] == -1).all()


def test_what_follows_in_a_contact_is_not_its_first_attempt_s(rows: Contacts) -> None:
    human = rows.take(rows.human & ~np.isnan(rows.abandoned))
    assert np.isin(human.abandoned, (0.0, 1.0)).all()
    gave_up = human.take(human.abandoned == 1.0)
    assert (gave_up.handle_s == 0.0).all()
    assert (~np.isnan(gave_up.next_at)).sum() > 10  # somebody got in touch
    assert gave_up.let_go.sum() > 10


def test_a_log_of_another_world_is_refused(log: DecisionLog) -> None:
    names = tuple(name.replace("steps_in_contact", "steps") for name in log.context_names)
    with pytest.raises(InputError, match="no context column 'steps_in_contact'"):
        contacts_of(replace(log, context_names=names), chat_slots=2)
