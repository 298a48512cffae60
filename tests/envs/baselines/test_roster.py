"""The planning periods of a real log."""

from dataclasses import replace

import numpy as np
import pytest

from envs.baselines.roster import roster_of
from envs.presets import preset
from envs.staffing import shifts
from nba.errors import LogError
from nba.listen.contact_features import CONTACT_CENTRE, INTENTS
from nba.listen.encode import FeatureSpec
from tests.envs.baselines.learning_log import day_log

BANK = preset("bank")


def test_every_contact_is_counted_once_in_its_hour() -> None:
    log = day_log()
    roster = roster_of(log, CONTACT_CENTRE)
    fresh = log.context[:, CONTACT_CENTRE.context_column("steps_in_contact")] == 0.0
    assert roster.arrivals.sum() == fresh.sum()
    assert len(np.unique(roster.day)) == 2
    assert roster.arrivals.shape == (len(roster.day), len(INTENTS))


def test_who_is_present_follows_the_shifts() -> None:
    roster = roster_of(day_log(), CONTACT_CENTRE)
    starts, ends = shifts(BANK)
    hours = (ends - starts).sum() / 3600.0
    counted = roster.present.sum() / 2
    assert roster.present.shape[1] == BANK.n_employees
    # An hour counts when any part of it was worked: at most two more per shift.
    assert hours * 0.9 < counted <= hours + 2 * BANK.n_employees


def test_figures_are_means_of_what_was_shown() -> None:
    log = day_log()
    roster = roster_of(log, CONTACT_CENTRE)
    decision = np.repeat(np.arange(len(log)), np.diff(log.offsets))
    guess = log.context[:, CONTACT_CENTRE.context_column("intent=technical")]
    first_day = np.floor(log.at / 86_400.0) == np.floor(log.at.min() / 86_400.0)
    mine = (log.action_ids == "employee-003") & ((guess == 1.0) & first_day)[decision]
    for column, found in (("skill_estimate", roster.skill), ("expected_handle_s", roster.handle_s)):
        shown = log.actions[mine, CONTACT_CENTRE.action_column(column)]
        assert found[0, 1, 3] == pytest.approx(shown.mean(dtype=np.float64), rel=1e-6)


def test_logs_it_cannot_read_are_refused() -> None:
    other = FeatureSpec("other", context=CONTACT_CENTRE.context[1:], action=CONTACT_CENTRE.action)
    with pytest.raises(LogError, match="spec 'other'"):
        roster_of(day_log(), other)
    nobody = day_log().actions.copy()
    nobody[:, CONTACT_CENTRE.action_column("kind=employee")] = 0.0
    with pytest.raises(LogError, match="no employee"):
        roster_of(replace(day_log(), actions=nobody), CONTACT_CENTRE)
