"""Greedy on the truth of the world it is bound to."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from envs.baselines.named import rule
from envs.baselines.true_greedy import NeedsTruth, TrueGreedy, bound
from nba.errors import InputError
from nba.types import Bools, Floats, Floats32


@dataclass
class TwoRooms:
    """Two decisions at a time, each with three actions of known value that change every step."""

    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(3))
    values: Floats = field(default_factory=lambda: np.zeros((2, 3)))

    def next_decision(self) -> tuple[Floats32, Floats32, Bools]:
        self.values = self.rng.normal(size=(2, 3))
        mask = self.rng.random((2, 3)) < 0.7
        mask[:, 1] = True
        return np.zeros((2, 1), np.float32), np.zeros((2, 3, 1), np.float32), mask

    def true_values(self) -> Floats:
        return self.values


def test_it_always_takes_the_truly_best_legal_action() -> None:
    world = TwoRooms()
    policy = bound(TrueGreedy(), world.true_values)
    for _ in range(50):
        inputs = world.next_decision()
        chosen = policy.batch_probabilities(*inputs)
        assert (chosen.sum(axis=1) == 1.0).all()
        best = np.where(inputs[2], world.values, -np.inf).max(axis=1)
        assert ((chosen * world.values).sum(axis=1) == best).all()


def test_binding_leaves_the_original_without_a_world() -> None:
    world, original = TwoRooms(), TrueGreedy()
    inputs = world.next_decision()
    original.bind(world.true_values).batch_probabilities(*inputs)
    with pytest.raises(InputError, match="no world to ask"):
        original.batch_probabilities(*inputs)


def test_each_world_gets_its_own_copy() -> None:
    first, second = TwoRooms(np.random.default_rng(1)), TwoRooms(np.random.default_rng(2))
    policies = [TrueGreedy().bind(world.true_values) for world in (first, second)]
    inputs = first.next_decision()
    second.next_decision()
    free = np.ones_like(inputs[2])
    for policy, world in zip(policies, (first, second), strict=True):
        chosen = policy.batch_probabilities(*inputs[:2], free).argmax(axis=1)
        assert chosen.tolist() == world.values.argmax(axis=1).tolist()


def test_a_batch_of_other_decisions_is_refused() -> None:
    world = TwoRooms()
    context, actions, mask = world.next_decision()
    with pytest.raises(InputError, match=r"\(2, 3\), the batch \(1, 3\)"):
        TrueGreedy().bind(world.true_values).batch_probabilities(context[:1], actions[:1], mask[:1])


def test_who_does_not_ask_for_the_truth_stays_as_it_is() -> None:
    policy = rule("p_mu")
    assert bound(policy, TwoRooms().true_values) is policy
    assert isinstance(TrueGreedy(), NeedsTruth)
