"""Each observed column stands where the feature spec says, with what its name says."""

import numpy as np
import pytest

from envs.presets import preset
from envs.records import column
from envs.state import AT_WORK, FIRST_EMPLOYEE, QUEUE
from envs.vector import ContactCentreVector
from nba.listen.contact_features import CHANNELS, CONTACT_CENTRE, INTENTS
from nba.types import ACTION_KINDS

BANK = preset("bank")


@pytest.fixture(scope="module")
def vector() -> ContactCentreVector:
    made = ContactCentreVector(BANK, 24, 3)
    made.reset()
    for _ in range(250):
        made.step(np.full(24, QUEUE))
    return made


def test_context_columns_hold_what_their_names_say(vector: ContactCentreVector) -> None:
    context = vector.observe()[0]
    state = vector.state
    slots = column(state.centre, "pending").astype(int)
    seen = column(state.customer, "seen")[np.arange(24), slots]

    def told(name: str) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        return context[:, CONTACT_CENTRE.context_column(name)]

    hour = BANK.open_hour + column(state.centre, "now").astype(float) / 3600
    assert np.allclose(told("hour"), hour, atol=1e-4)
    assert np.array_equal(told("weekday"), column(state.centre, "day") % 5)
    for i, intent in enumerate(INTENTS):
        assert np.array_equal(told(f"intent={intent}"), seen[:, 0] == i)
    channel = column(state.customer, "channel")[np.arange(24), slots]
    for i, name in enumerate(CHANNELS):
        assert np.array_equal(told(f"channel={name}"), channel == i)
    for i, name in enumerate(
        (
            "intent_confidence",
            "complexity_estimate",
            "sentiment_estimate",
            "sentiment_estimate_missing",
            "digital_affinity_estimate",
            "digital_affinity_estimate_missing",
        ),
        start=1,
    ):
        assert np.allclose(told(name), seen[:, i])
    for field, name in (
        ("tier", "value_tier"),
        ("contact", "contacts_in_journey"),
        ("step", "steps_in_contact"),
        ("touches", "touches_7d"),
    ):
        truth = column(state.customer, field)[np.arange(24), slots]
        assert np.array_equal(told(name), truth)


def test_action_rows_hold_what_their_names_say(vector: ContactCentreVector) -> None:
    actions, mask = vector.observe()[1:]
    desks = vector.state.desk
    at_work = column(desks, "status")[:, :-1] == AT_WORK
    active = column(desks, "active")[:, :-1]
    rows = actions[:, FIRST_EMPLOYEE:]

    def told(name: str) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        return rows[:, :, CONTACT_CENTRE.action_column(name)]

    assert 0 < at_work.sum() < at_work.size
    assert np.array_equal(told("kind=employee") == 1, at_work)
    assert np.array_equal(told("idle_s") > 0, at_work & (active == 0))
    assert np.array_equal(told("active_contacts")[at_work], active[at_work])
    length = column(desks, "length")[:, :-1]
    assert np.array_equal(told("backlog")[at_work], length[at_work])
    skills = column(desks, "skill_seen")[:, :-1]
    assert np.allclose(told("skill_mean")[at_work], skills.mean(axis=2)[at_work], atol=1e-6)
    assert np.allclose(told("skill_max")[at_work], skills.max(axis=2)[at_work], atol=1e-6)
    now = column(vector.state.centre, "now").astype(float)[:, None]
    rested = (now - column(desks, "rested_at")[:, :-1].astype(float)) / 60
    assert np.allclose(told("minutes_since_break")[at_work], rested[at_work], atol=1e-2)
    tenure = vector.state.standing[:, :, 2]
    assert np.allclose(told("tenure_years")[at_work], tenure[at_work])
    assert not mask[:, FIRST_EMPLOYEE:][~at_work].any()
    left = (column(desks, "shift_end")[:, :-1].astype(float) - now) / 60
    assert np.allclose(told("minutes_to_shift_end")[at_work], left[at_work].clip(0), atol=1e-2)
    kinds = CONTACT_CENTRE.action_column(f"kind={ACTION_KINDS[0]}")
    assert (actions[:, :, kinds : kinds + len(ACTION_KINDS)].sum(axis=2)[mask] == 1).all()


def test_every_observed_value_lies_in_the_range_of_its_feature(vector: ContactCentreVector) -> None:
    context, actions, mask = vector.observe()
    for b in range(len(context)):
        named = CONTACT_CENTRE.name_context(context[b].astype(float))
        assert np.allclose(CONTACT_CENTRE.encode_context(named), context[b])
        for row in actions[b][mask[b]]:
            named = CONTACT_CENTRE.name_action(row.astype(float))
            assert np.allclose(CONTACT_CENTRE.encode_action(named), row)
