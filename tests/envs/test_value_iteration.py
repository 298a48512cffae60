"""Exact values against linear algebra, every policy of a small centre, and known structure."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from envs.tiny_centre import Situation, TinyCentre, chain_of
from envs.tiny_policies import longest_idle, policy_of
from envs.value_iteration import DecisionChain, certain, evaluate, optimise
from nba.errors import InputError
from nba.types import Floats
from tests.envs.tiny_experts import EXPERTS


def test_no_deterministic_policy_of_a_small_centre_beats_the_optimum() -> None:
    centre = TinyCentre(
        rates=(0.01,), mean_service_s=((60.0, 180.0),), value_eur=((4.0, 5.0),),
        wait_eur_per_s=0.01, abandon_eur=1.0, mean_patience_s=100.0,
        own_queue_limit=1, shared_queue_limit=0,
    )  # fmt: skip
    chain, _ = chain_of(centre)
    distinct = [np.unique(row[0], return_index=True) for row in chain.after]
    actions = [first[after >= 0].tolist() for after, first in distinct]
    values, gains = [], []
    for choice in itertools.product(*actions):
        values.append(_discounted_by_algebra(chain, choice, 1e-3))
        # Blackwell: the discounted value times a small discount is the gain.
        gains.append(1e-10 * _discounted_by_algebra(chain, choice, 1e-10)[0])
    assert len(values) > 100
    # One policy is best in every state at once.
    assert np.allclose(np.max(values, axis=0), optimise(chain, discount_per_s=1e-3).high, rtol=1e-8)
    best = optimise(chain)
    assert max(gains) == pytest.approx(float(best.high[0]), rel=1e-5)
    policy = certain(best.choices, 3)
    assert evaluate(chain, policy).gain == pytest.approx(max(gains), rel=1e-5)
    by_algebra = _discounted_by_algebra(chain, best.choices[:, 0].tolist(), 1e-3)
    assert np.allclose(evaluate(chain, policy, discount_per_s=1e-3).value, by_algebra, rtol=1e-9)


def _discounted_by_algebra(
    chain: DecisionChain, choice: Sequence[int], discount_per_s: float
) -> Floats:
    """The value (S,) of a deterministic policy for one kind of arrival, by a linear system."""
    every = np.arange(len(chain.reward))
    generator = np.zeros((len(every), len(every)))
    for m in range(chain.rate.shape[1]):
        np.add.at(generator, (every, chain.target[:, m]), chain.rate[:, m])
    np.add.at(generator, (every, chain.after[every, 0, list(choice)]), chain.arrival_rate[0])
    generator -= np.diag(generator.sum(axis=1))
    earned = chain.reward + chain.arrival_rate[0] * chain.lump[every, 0, list(choice)]
    return np.linalg.solve(discount_per_s * np.eye(len(every)) - generator, earned)


def test_a_discount_that_fades_leaves_the_gain() -> None:
    chain, states = chain_of(EXPERTS)
    policy = policy_of(EXPERTS, states, longest_idle)
    gain = evaluate(chain, policy)
    discounted = evaluate(chain, policy, discount_per_s=1e-7)
    # Blackwell's expansion: value = gain / discount + bias + O(discount).
    assert np.allclose(discounted.value, gain.gain / 1e-7 + gain.value, rtol=0, atol=1e-2)


@pytest.mark.parametrize(("slow_s", "chosen"), [(60.0, 1), (2000.0, 0)])
def test_a_slow_employee_is_left_idle_while_the_fast_one_is_nearly_free(
    slow_s: float, chosen: int
) -> None:
    # Larsen and Agrawala 1983, Lin and Kumar 1984: the slow server is used from a threshold on;
    # at the threshold of one, when nobody waits yet, it depends on how slow it is.
    centre = TinyCentre(
        rates=(0.002,), mean_service_s=((60.0, slow_s),), value_eur=((5.0, 5.0),),
        wait_eur_per_s=0.02, abandon_eur=0.0, mean_patience_s=1e9,
        own_queue_limit=3, shared_queue_limit=0,
    )  # fmt: skip
    # Time with an employee counts like time in a queue.
    centre = replace(centre, value_eur=((5.0 - 0.02 * 60.0, 5.0 - 0.02 * slow_s),))
    chain, states = chain_of(centre)
    fast_busy = states.index(Situation((0, -1), (1,), ((), ()), ()))
    assert optimise(chain).choices[fast_busy, 0] == chosen


def test_an_illegal_policy_is_refused() -> None:
    chain, states = chain_of(EXPERTS)
    with pytest.raises(InputError, match="probabilities of legal actions"):
        evaluate(chain, certain(np.zeros((len(states), 2), dtype=np.int64), 3))
    with pytest.raises(InputError, match="discount_per_s is -1"):
        optimise(chain, discount_per_s=-1.0)
