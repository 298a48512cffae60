"""The heads take the value apart: they add up to what the policy earns later, in the same units."""

from functools import cache

import numpy as np
import pytest
import torch as th

from envs.vector import ContactCentreVector
from experiments.scorer import ActionScorerPolicy
from experiments.value_heads import ValueHeads, fit_value_heads
from experiments.vec_env import ContactCentreVecEnv
from nba.listen.objective import CONTACT_CENTRE_WEIGHTS
from tests.experiments.small_run import BANK, normalisation, reward_model, trained


def net() -> ActionScorerPolicy:
    policy = trained().learner.policy
    assert isinstance(policy, ActionScorerPolicy)
    return policy


@cache
def heads() -> ValueHeads:
    return fit_value_heads(
        net(), BANK, reward_model(), normalisation(), seed=6_000_000, horizon_s=600.0
    )


def test_every_priced_component_has_a_head_of_its_sign() -> None:
    found = heads()
    assert set(found.names) == {n for n, price in CONTACT_CENTRE_WEIGHTS.items() if price}
    for name, price in CONTACT_CENTRE_WEIGHTS.items():
        assert found.mean[name] * price >= 0.0, f"{name} is an amount, and its price {price}"
    assert found.mean["resolved"] > 1.0


def test_the_heads_add_up_to_what_is_earned_later() -> None:
    vector = ContactCentreVector(BANK, 64, 6_500_000, stagger=True)
    vector.reset()
    centres = ContactCentreVecEnv(vector, reward_model(), normalisation())
    seen = {name: th.from_numpy(rows) for name, rows in centres.reset().items()}
    told = heads().values(net(), seen)
    later, weight = np.zeros(64), np.ones(64)
    for _ in range(200):
        with th.no_grad():
            action = net()(seen)[0]
        centres.step_async(action.numpy())
        following, reward, done, _ = centres.step_wait()
        assert isinstance(following, dict)
        later += weight * reward
        weight *= np.where(done, 0.0, np.exp(-centres.dt / 600.0))
        seen = {name: th.from_numpy(rows) for name, rows in following.items()}
    error = later.std(ddof=1) / 8.0
    assert told.sum(axis=1).mean() == pytest.approx(later.mean(), abs=4.0 * error)
    assert told.shape == (64, len(heads().names))


def test_they_explain_what_hangs_on_the_situation() -> None:
    explained = heads().explained
    assert explained["handle_s"] > 0.1, "a full centre is known by its load"
    assert all(share < 1.0 for share in explained.values())


def test_the_same_policy_has_the_same_heads() -> None:
    again = fit_value_heads(
        net(), BANK, reward_model(), normalisation(), seed=6_000_000, horizon_s=600.0
    )
    assert np.array_equal(again.weights, heads().weights)
    assert [row["component"] for row in again.rows()] == list(again.names)
