"""Peers learn from the same days as our learners, and serve with masks kept."""

from pathlib import Path

import numpy as np
import pytest

from envs.evaluate_days import simulate
from envs.vector import ContactCentreVector
from experiments.benchmark.quality.peers.named import PEERS, missing
from experiments.benchmark.quality.protocol import Budget, Place
from nba.act.uniform import Uniform

# With a quarter of the days and a sixteenth of the steps, two of them are no better than chance.
PLACE = Place(
    "bank", "normal", 0,
    Budget(days=4, log_days=1, rounds=4, round_days=2, scorer_steps=262_144), Path("nowhere"),
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", PEERS)
def test_a_peer_learns_more_than_chance_and_keeps_to_what_is_eligible(name: str) -> None:
    if missing(name):
        pytest.skip(f"{missing(name)} is not installed: run make bench once")
    policy = PEERS[name](PLACE)
    vector = ContactCentreVector(PLACE.centre, 8, 5)
    vector.reset()
    context, actions, mask = vector.observe()
    shares = policy.batch_probabilities(context, actions, mask)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, atol=1e-6)
    assert not shares[~mask].any()
    fewer = policy.batch_probabilities(context, actions[:, :-2], mask[:, :-2])  # a shortage
    np.testing.assert_allclose(fewer.sum(axis=1), 1.0, atol=1e-6)
    learned = simulate(policy, PLACE.centre, n_days=PLACE.budget.days, seed=PLACE.seeds.test)
    chance = simulate(Uniform(), PLACE.centre, n_days=PLACE.budget.days, seed=PLACE.seeds.test)
    assert learned["eur_per_contact"].mean() > chance["eur_per_contact"].mean()


def test_what_is_not_installed_is_said() -> None:
    assert {missing(name) for name in PEERS} <= {
        "", "vowpalwabbit", "mabwiser", "contextualbandits", "d3rlpy",
    }  # fmt: skip
    assert missing("flat_ppo") == ""
