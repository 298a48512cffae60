"""Exact values of a finite controlled Markov chain in continuous time, and its best policy.

Sources: Lippman 1975 (uniformisation); MacQueen 1966 and Odoni 1969 (bounds that stop the
iteration); Puterman 1994, chapters 6, 8 and 11.

Letters: S states, M events without a choice, I kinds of arrivals, A actions. Events without a
choice move a state to another one at a rate; at an arrival an action is chosen and the state moves
at once. Every policy must have one recurrent class, so that its gain is one number.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from nba.errors import InputError
from nba.types import Bools, Floats, Ints

_MOST_ITERATIONS: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class DecisionChain:
    """Rates, rewards and moves of the chain; arrays must agree in S, I and A."""

    reward: Floats  # (S,) EUR per second while in a state, its events' expected EUR included
    target: Ints  # (S, M) state after each event without a choice
    rate: Floats  # (S, M) per second, zero where there is no such event
    arrival_rate: Floats  # (I,) per second
    after: Ints  # (S, I, A) state after each action, −1 where it is not legal
    lump: Floats  # (S, I, A) EUR at once

    @property
    def uniform_rate(self) -> float:
        """Events per second of the uniformised chain: no state has more."""
        return float(self.arrival_rate.sum() + self.rate.sum(axis=1).max())


@dataclass(frozen=True, slots=True)
class Optimum:
    """A best policy, with bounds on what any policy can reach."""

    choices: Ints  # (S, I) action at each arrival
    low: Floats  # (S,) EUR; without discount EUR per second, the same in every state
    high: Floats  # (S,)


@dataclass(frozen=True, slots=True)
class Worth:
    """What a policy earns: `gain` EUR per second in the long run, and `value` EUR by state.

    Without discount `value` is the bias: a start in state s earns gain · T + value[s] over a
    horizon T, up to what is left of the start's influence, which fades exponentially.
    """

    gain: float
    value: Floats  # (S,)


def optimise(
    chain: DecisionChain, *, discount_per_s: float = 0.0, tolerance: float = 1e-9
) -> Optimum:
    """A policy whose value is optimal to `tolerance` (relative), and bounds that prove it.

    Without discount the long-run EUR per second is made largest. Raises InputError for a
    negative discount, or when the bounds do not meet.
    """
    _check_discount(discount_per_s)
    rate = chain.uniform_rate
    keep = rate / (rate + discount_per_s)
    legal = chain.after >= 0
    v = np.zeros(len(chain.reward))
    for _ in range(_MOST_ITERATIONS):
        outlook = _outlook(chain, v, legal)
        choices = outlook.argmax(axis=2)
        best = outlook.max(axis=2) @ chain.arrival_rate
        new = (chain.reward + _drift(chain, v, rate) + best) / (rate + discount_per_s)
        step = new - v
        least, most = float(step.min()), float(step.max())
        scale = max(abs(least), abs(most), 1e-300)
        if most - least <= tolerance * scale:
            if discount_per_s > 0.0:
                ahead = keep / (1.0 - keep)
                return Optimum(choices, new + ahead * least, new + ahead * most)
            flat = np.ones(len(v))
            return Optimum(choices, least * rate * flat, most * rate * flat)
        # Without discount only differences matter; a fixed level keeps the numbers small.
        v = new if discount_per_s > 0.0 else new - new[0]
    raise InputError(f"the bounds have not met after {_MOST_ITERATIONS} steps; loosen tolerance")


def evaluate(chain: DecisionChain, policy: Floats, *, discount_per_s: float = 0.0) -> Worth:
    """The gain and the value of a policy, given as probabilities (S, I, A) of the actions.

    Raises InputError naming a state in which the policy is not a distribution over what is legal.
    """
    _check_discount(discount_per_s)
    _check_policy(chain, policy)
    rate = chain.uniform_rate
    keep = rate / (rate + discount_per_s)
    legal = chain.after >= 0
    weight = policy * chain.arrival_rate[:, None]
    w = chain.reward + (weight * np.where(legal, chain.lump, 0.0)).sum(axis=(1, 2))
    total, factor = np.zeros(len(w)), 1.0
    floor = 1e-13 * max(float(np.abs(w).max()), 1e-300)
    for n in range(_MOST_ITERATIONS):
        low, high = float(w.min()), float(w.max())
        if high - low <= floor or factor * float(np.abs(w).max()) <= floor * 1e-3:
            # What is left is flat: it adds the gain at every later event.
            gain = (low + high) / 2.0
            if discount_per_s > 0.0:
                return Worth(gain, total + factor * gain / discount_per_s)
            return Worth(gain, total - n * gain / rate)
        total += factor * w / (rate + discount_per_s)
        factor *= keep
        arrived = (weight * np.where(legal, w[chain.after], 0.0)).sum(axis=(1, 2))
        w = (_drift(chain, w, rate) + arrived) / rate
    raise InputError("the policy's chain does not settle: it has more than one recurrent class")


def certain(choices: Ints, n_actions: int) -> Floats:
    """Probabilities (S, I, A) of a policy that always takes its choice (S, I).

    >>> certain(np.array([[1]]), 2)
    array([[[0., 1.]]])
    """
    return np.asarray(np.eye(n_actions)[choices])


def long_run_share(chain: DecisionChain, policy: Floats, where: Callable[[int], bool]) -> float:
    """The share of time that the chain spends in the states for which `where` holds."""
    inside = np.array([float(where(s)) for s in range(len(chain.reward))])
    counting = DecisionChain(
        inside, chain.target, chain.rate, chain.arrival_rate, chain.after, 0.0 * chain.lump
    )
    return evaluate(counting, policy).gain


def _drift(chain: DecisionChain, v: Floats, rate: float) -> Floats:
    """What events without a choice, and none at all, bring: (S,) EUR per second."""
    moved = (chain.rate * v[chain.target]).sum(axis=1)
    stays = rate - chain.arrival_rate.sum() - chain.rate.sum(axis=1)
    return np.asarray(moved + stays * v)


def _outlook(chain: DecisionChain, v: Floats, legal: Bools) -> Floats:
    return np.where(legal, chain.lump + v[chain.after], -np.inf)


def _check_discount(discount_per_s: float) -> None:
    if not 0.0 <= discount_per_s < np.inf:
        raise InputError(f"discount_per_s is {discount_per_s}; a number >= 0 is needed")


def _check_policy(chain: DecisionChain, policy: Floats) -> None:
    if policy.shape != chain.after.shape:
        raise InputError(f"the policy is {policy.shape}; {chain.after.shape} (S, I, A) is needed")
    wrong = (np.where(chain.after < 0, policy, 0.0) != 0.0).any(axis=2) | (policy < 0.0).any(axis=2)
    wrong |= np.abs(policy.sum(axis=2) - 1.0) > 1e-9
    if wrong.any():
        state, kind = (int(i) for i in np.argwhere(wrong)[0])
        raise InputError(
            f"policy[{state}, {kind}] is {policy[state, kind].tolist()}; probabilities of legal "
            "actions that sum to 1 are needed"
        )
