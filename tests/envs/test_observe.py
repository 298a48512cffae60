"""Each observed column stands where the feature spec says, with what its name says."""

import numpy as np
import pytest

from envs.presets import preset
from envs.records import column
from envs.state import FIRST_EMPLOYEE, QUEUE
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
    ):
        truth = column(state.customer, field)[np.arange(24), slots]
        assert np.array_equal(told(name), truth)


def test_action_rows_hold_what_their_names_say(vector: ContactCentreVector) -> None:
    actions, mask = vector.observe()[1:]
    employees = column(vector.state.employee, "serving")[:, :-1]
    on_shift = employees != -2
    rows = actions[:, FIRST_EMPLOYEE:]

    def told(name: str) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        return rows[:, :, CONTACT_CENTRE.action_column(name)]

    assert np.array_equal(told("kind=employee") == 1, on_shift)
    assert np.array_equal(told("idle_s") > 0, employees == -1)
    length = column(vector.state.employee, "length")[:, :-1]
    assert np.array_equal(told("backlog")[on_shift], length[on_shift])
    skills = column(vector.state.employee, "skill_seen")[:, :-1]
    assert np.allclose(told("skill_mean")[on_shift], skills.mean(axis=2)[on_shift], atol=1e-6)
    assert np.allclose(told("skill_max")[on_shift], skills.max(axis=2)[on_shift], atol=1e-6)
    ends = column(vector.state.employee, "shift_end")[:, :-1].astype(float)
    left = (ends - column(vector.state.centre, "now").astype(float)[:, None]) / 60
    assert np.allclose(told("minutes_to_shift_end")[on_shift], left[on_shift].clip(0), atol=1e-2)
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
