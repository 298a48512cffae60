"""Limits kept by Lagrange multipliers."""

from dataclasses import replace

import numpy as np
import pytest

from envs.vector import ContactCentreVector
from experiments.constraints import Constraints, limits_of
from experiments.train import train
from tests.experiments.small_run import BANK, CONFIG, normalisation, reward_model


def served(vector: ContactCentreVector, limits: Constraints, n_steps: int) -> None:
    """Some steps under the first legal action."""
    for _ in range(n_steps):
        _, _, mask = vector.observe()
        _, _, done = vector.step(mask.argmax(axis=1))
        limits.days_over(done)


def test_only_limits_that_are_set_have_multipliers() -> None:
    assert limits_of(CONFIG) == {}
    assert limits_of(replace(CONFIG, wait_limit_s=30.0)) == {"wait_s": 30.0}


def test_a_broken_limit_raises_the_price_and_a_kept_one_lets_it_fall_to_nothing() -> None:
    vector = ContactCentreVector(BANK, 2, 3)
    vector.reset()
    limits = Constraints(vector, {"channel_cost_eur": 1e-6, "wait_s": 1e6}, rate=0.5)
    served(vector, limits, 40)
    limits.update(80)
    cost, wait = limits.history
    assert cost.per_contact > 1e-6
    assert cost.multiplier > 0.0
    assert wait.multiplier == 0.0
    base = vector.objective.weights["channel_cost_eur"]
    assert base == pytest.approx(-1.0 - cost.multiplier)
    assert vector.objective.weights["wait_s"] == pytest.approx(-10.0 / 3600)


def test_what_is_measured_is_what_the_days_add_up_to() -> None:
    vector = ContactCentreVector(BANK, 1, 3)
    vector.reset()
    limits = Constraints(vector, {"channel_cost_eur": 1.0}, rate=0.0)
    days = costs = 0.0
    contacts = -float(vector.so_far()["arrivals"][0])  # who was there before it began to measure
    while days < 2:
        _, _, mask = vector.observe()
        _, _, done = vector.step(mask.argmax(axis=1))
        limits.days_over(done)
        if done[0]:
            days += 1
            costs += float(vector.day_components()["channel_cost_eur"][0])
            contacts += float(vector.day_figures()["arrivals"][0])
    today = vector.so_far()
    costs += float(today["channel_cost_eur"][0])
    contacts += float(today["arrivals"][0])
    limits.update(1)
    assert limits.history[0].per_contact == pytest.approx(costs / contacts)


def test_the_new_price_is_paid_from_the_next_step_on() -> None:
    rewards = []
    for extra in (0.0, 5.0):
        vector = ContactCentreVector(BANK, 4, 3)
        vector.reset()
        weights = vector.objective.weights
        vector.set_objective(replace(vector.objective, weights={**weights, "resolved": 7 + extra}))
        total = 0.0
        for _ in range(60):
            _, _, mask = vector.observe()
            total += float(vector.step(mask.argmax(axis=1))[0].sum())
        rewards.append(total)
        resolved = float(vector.so_far()["resolved"].sum())
    assert resolved > 0
    assert rewards[1] - rewards[0] == pytest.approx(5.0 * resolved)


def test_training_reports_every_limit_of_every_rollout() -> None:
    config = replace(CONFIG, abandoned_limit=0.01, overload_limit_s=5.0)
    found = train(config, reward_model(), normalisation()).constraints
    rollout = CONFIG.n_envs * CONFIG.rollout_steps
    assert [each.decisions for each in found] == [rollout * (1 + i // 2) for i in range(8)]
    assert {each.component for each in found} == {"abandoned", "overload_s"}


@pytest.mark.slow
def test_a_tight_limit_moves_what_it_limits() -> None:
    small = replace(
        CONFIG, total_steps=60_000, n_envs=32, rollout_steps=64, batch_size=512, scenario="peak"
    )
    free = train(replace(small, cost_limit_eur=1e6), reward_model(), normalisation())
    tight = replace(small, cost_limit_eur=0.01, multiplier_rate=1.0)
    kept = train(tight, reward_model(), normalisation())
    late = [np.mean([each.per_contact for each in run.constraints[-8:]]) for run in (free, kept)]
    assert kept.constraints[-1].multiplier > 0.0
    assert late[1] < 0.8 * late[0]
