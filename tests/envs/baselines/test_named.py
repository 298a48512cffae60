"""The rules by name."""

import pickle

import pytest

from envs.baselines.named import STAGES, rule
from envs.presets import preset
from envs.vector import ContactCentreVector
from tests.nba.act.sample_policies import batch


@pytest.mark.parametrize("name", STAGES)
def test_a_rule_carries_its_name_and_travels_to_another_process(name: str) -> None:
    policy = rule(name)
    assert policy.name == name
    sent = pickle.loads(pickle.dumps(policy))  # noqa: S301 our own bytes
    inputs = batch(3, 40, 8)
    assert (sent.batch_probabilities(*inputs) == policy.batch_probabilities(*inputs)).all()


def test_no_two_rules_are_the_same() -> None:
    vector = ContactCentreVector(preset("bank"), 200, seed=4, stagger=True)
    vector.reset()
    inputs = vector.observe()
    found = {rule(name).batch_probabilities(*inputs).tobytes() for name in STAGES}
    assert len(found) == len(STAGES)
