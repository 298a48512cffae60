"""Routing rules as policies of the tiny centre: what the best policy is compared with.

Each is an array (S, I, A) of probabilities over the actions of `envs.tiny_centre`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from envs.tiny_centre import IDLE, Situation, TinyCentre, chain_of
from envs.value_iteration import Optimum, Worth, certain, evaluate, optimise
from nba.types import Floats

Rule = Callable[[TinyCentre, Situation, int], int]  # (centre, state, kind) → action


@dataclass(frozen=True, slots=True)
class Solved:
    """A tiny centre's states, best policy, and what that and the rules are worth from empty."""

    states: list[Situation]
    optimum: Optimum
    best: Worth
    rules: dict[str, Worth]


def longest_idle(centre: TinyCentre, _now: Situation, _kind: int) -> int:
    """The longest idle employee, or the shared queue: what the shared queue does by itself."""
    return centre.n_employees


def best_idle(centre: TinyCentre, now: Situation, kind: int) -> int:
    """The idle employee who earns most with this kind; nobody idle: the shared queue."""
    value = centre.value_eur[kind]
    idle = [k for k in range(centre.n_employees) if now.serving[k] == IDLE]
    return max(idle, key=lambda k: value[k], default=centre.n_employees)


def fastest_idle(centre: TinyCentre, now: Situation, kind: int) -> int:
    """The idle employee who is fastest with this kind; nobody idle: the shared queue."""
    mean = centre.mean_service_s[kind]
    idle = [k for k in range(centre.n_employees) if now.serving[k] == IDLE]
    return min(idle, key=lambda k: mean[k], default=centre.n_employees)


def best_with_room(centre: TinyCentre, now: Situation, kind: int) -> int:
    """The employee who earns most with this kind and has room, busy or not."""
    room = [
        k
        for k in range(centre.n_employees)
        if now.serving[k] == IDLE or len(now.own[k]) < centre.own_queue_limit
    ]
    return max(room, key=lambda k: centre.value_eur[kind][k], default=centre.n_employees)


RULES: Final[dict[str, Rule]] = {
    "longest_idle": longest_idle,
    "best_idle": best_idle,
    "fastest_idle": fastest_idle,
    "best_with_room": best_with_room,
}


def policy_of(centre: TinyCentre, states: Sequence[Situation], rule: Rule) -> Floats:
    """The rule as probabilities (S, I, A)."""
    kinds = range(centre.n_kinds)
    choices = np.array([[rule(centre, state, kind) for kind in kinds] for state in states])
    return certain(choices, centre.n_employees + 1)


def random_idle(centre: TinyCentre, states: Sequence[Situation]) -> Floats:
    """Every idle employee alike; nobody idle: the shared queue. (S, I, A)."""
    policy = np.zeros((len(states), centre.n_kinds, centre.n_employees + 1))
    for s, state in enumerate(states):
        policy[s, :, list(state.idle) or [centre.n_employees]] = 1.0 / max(len(state.idle), 1)
    return policy


def solve(centre: TinyCentre, *, discount_per_s: float = 0.0) -> Solved:
    """The best policy of a tiny centre, its worth, and that of every rule.

    >>> one = TinyCentre(rates=(0.01,), mean_service_s=((50.0,),), value_eur=((5.0,),),
    ...     wait_eur_per_s=0.0, abandon_eur=0.0, mean_patience_s=1e9, shared_queue_limit=40)
    >>> round(float(solve(one).best.gain), 6)  # everybody is served: 0.01 a second at 5 EUR
    0.05
    """
    chain, states = chain_of(centre)
    optimum = optimise(chain, discount_per_s=discount_per_s)
    policies = {name: policy_of(centre, states, rule) for name, rule in RULES.items()}
    policies["random_idle"] = random_idle(centre, states)
    best = certain(optimum.choices, centre.n_employees + 1)
    return Solved(
        states,
        optimum,
        evaluate(chain, best, discount_per_s=discount_per_s),
        {
            name: evaluate(chain, policy, discount_per_s=discount_per_s)
            for name, policy in policies.items()
        },
    )
