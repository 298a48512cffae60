"""Bounds of the observation, draws that are legal, and what a closed day shows."""

import copy
import pickle
from typing import cast

import numpy as np
import pytest
from gymnasium import spaces

from envs.presets import preset
from envs.scenarios import SCENARIOS, scenario
from envs.spaces import (
    LegalActions,
    LegalChoices,
    Observation,
    closing_observation,
    observation_space,
)
from envs.state import FIRST_EMPLOYEE, QUEUE
from envs.vector import ContactCentreVector
from nba.listen.contact_features import CONTACT_CENTRE


def parts_of(space: spaces.Space[Observation]) -> dict[str, spaces.Box]:
    parts = cast("spaces.Dict", space).spaces
    return {name: part for name, part in parts.items() if isinstance(part, spaces.Box)}


def test_every_column_has_the_range_of_its_feature() -> None:
    boxes = parts_of(observation_space(9))
    context, actions = boxes["context"], boxes["actions"]
    for name, low, high in (
        ("hour", 0, 24),
        ("complexity_estimate", -6, 6),
        ("sentiment_estimate", -1, 1),
        ("sentiment_estimate_missing", 0, 1),
        ("intent=sales", 0, 1),
    ):
        column = CONTACT_CENTRE.context_column(name)
        assert (context.low[column], context.high[column]) == (low, high)
    wait = CONTACT_CENTRE.action_column("expected_wait_s")
    assert (actions.high[:, wait] == 86_400).all()
    assert actions.shape == (9, len(CONTACT_CENTRE.action_names))
    assert np.isfinite([*context.low, *context.high]).all()


@pytest.mark.parametrize("name", sorted(SCENARIOS))
@pytest.mark.parametrize("centre", ["bank", "telecom", "retail"])
def test_what_is_observed_lies_in_it(centre: str, name: str) -> None:
    config = scenario(preset(centre), name)
    vector = ContactCentreVector(config, 12, 3, stagger=True)
    vector.reset()
    boxes = parts_of(observation_space(FIRST_EMPLOYEE + config.n_employees))
    generator = np.random.default_rng(0)
    for step in range(400):
        context, actions, mask = vector.observe()
        for box, rows in ((boxes["context"], context), (boxes["actions"], actions)):
            assert (rows >= box.low).all()
            assert (rows <= box.high).all()
        drawn = np.argmax(generator.random(mask.shape) * mask, axis=1)
        vector.step(drawn if step % 2 else np.full(12, QUEUE))


def test_draws_are_legal_and_every_legal_action_is_drawn() -> None:
    legal = np.array([0, 1, 0, 1, 1], dtype=np.int8)
    space = LegalActions(legal)
    space.seed(0)
    assert {int(space.sample()) for _ in range(200)} == {1, 3, 4}
    legal[:] = [1, 0, 0, 0, 0]  # the masks of the environment change in place
    assert int(space.sample()) == 0
    assert int(space.sample(mask=np.array([0, 0, 1, 0, 0], dtype=np.int8))) == 2
    assert space == spaces.Discrete(5)


def test_a_copied_or_stored_space_still_draws() -> None:
    space = LegalActions(np.array([0, 1], dtype=np.int8))
    for twin in (copy.deepcopy(space), pickle.loads(pickle.dumps(space))):  # noqa: S301 our own bytes
        assert twin == space
        assert int(twin.sample()) == 1


def test_draws_for_many_centres_are_legal_in_each() -> None:
    masks = np.array([[False, True, True], [True, False, False]])
    space = LegalChoices(2, 3, lambda: masks)
    space.seed(1)
    drawn = np.array([space.sample() for _ in range(100)])
    assert set(drawn[:, 0].tolist()) == {1, 2}
    assert set(drawn[:, 1].tolist()) == {0}
    assert space.contains(drawn[0])


def test_a_closed_day_lies_in_the_space_even_at_midnight() -> None:
    config = preset("bank")
    space = observation_space(30)
    assert space.contains(closing_observation(config, 30, 8))
    boxes = parts_of(space)
    late = closing_observation(preset("retail"), 30, 4)
    assert (late["context"] <= boxes["context"].high).all()
