"""From torch to numpy."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from envs.vector import ContactCentreVector
from experiments.export import TOLERANCE, export, largest_difference, situations
from nba.act.bundle import Card, load_policy, save_policy
from nba.act.policy import ActionScorer
from nba.listen.contact_features import CONTACT_CENTRE
from nba.understand.prices import Prices, priced
from tests.experiments.small_run import BANK, CONFIG, reward_model, trained

ROWS = situations(ContactCentreVector(BANK, 16, 8), 300, 1)


def exported(temperature: float = 0.3, floor: float = 0.01) -> ActionScorer:
    config = replace(CONFIG, temperature=temperature, floor=floor)
    model = reward_model()
    return export(trained(), config, reward_model=model, prior_model=model)


@pytest.mark.parametrize(("temperature", "floor"), [(1.0, 0.0), (0.3, 0.0), (0.3, 0.01)])
def test_numpy_computes_what_torch_computes(temperature: float, floor: float) -> None:
    policy = exported(temperature, floor)
    assert largest_difference(trained(), policy, reward_model(), *ROWS) <= TOLERANCE


def test_a_wrong_weight_is_found() -> None:
    policy = exported()
    parameters = {name: values.copy() for name, values in policy.parameters.items()}
    parameters["W_eu"][0] += 0.5
    parameters["w_score"] += 0.5
    wrong = replace(policy, parameters=parameters)
    assert largest_difference(trained(), wrong, reward_model(), *ROWS) > 10 * TOLERANCE


def test_another_prior_is_found() -> None:
    prior = priced(reward_model(), CONTACT_CENTRE.action_names, Prices(0.01, 0.0, 0.0))
    policy = replace(exported(), prior_model=prior)
    assert largest_difference(trained(), policy, reward_model(), *ROWS) > 10 * TOLERANCE


def test_the_exported_policy_survives_its_file(tmp_path: Path) -> None:
    policy = exported()
    save_policy(tmp_path / "policy.safetensors", policy, Card(CONTACT_CENTRE))
    loaded = load_policy(tmp_path / "policy.safetensors").policy
    assert np.array_equal(loaded.batch_probabilities(*ROWS), policy.batch_probabilities(*ROWS))


def test_every_eligible_action_keeps_the_floor() -> None:
    context, actions, mask = ROWS
    probabilities = exported(floor=0.05).batch_probabilities(context, actions, mask)
    least = np.where(mask, probabilities, np.inf).min(axis=1)
    assert (least >= 0.05 / mask.sum(axis=1) - 1e-12).all()


def test_situations_are_met_in_the_centre_and_repeatable() -> None:
    context, actions, mask = ROWS
    assert len(context) == len(actions) == len(mask) == 300
    assert mask.any(axis=1).all()
    assert len(np.unique(context[:, 0])) > 50  # hours of the day: not one moment, repeated
    again = situations(ContactCentreVector(BANK, 16, 8), 300, 1)
    assert all(np.array_equal(a, b) for a, b in zip(ROWS, again, strict=True))
