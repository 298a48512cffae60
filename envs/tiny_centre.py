"""A contact centre small enough to be solved exactly: at most three employees, a few kinds of call.

The model is a controlled Markov chain in continuous time. Customers of I kinds arrive as Poisson
streams. Each is given at once to one of K employees, or to the shared queue, which gives them to
the longest idle employee or, while nobody is idle, keeps them in the order of arrival. A busy
employee has an own queue of at most `own_queue_limit`. Service is exponential, its mean and its
EUR by kind and employee. Who waits costs EUR per second, and gives up after an exponential time,
which costs EUR. An employee who becomes free takes the own queue first, then the shared one.

This is the simulated centre with `exponential_times`, `all_day`, one rate of arrivals all day and
no repeats, as long as bots and callbacks are not used, except for three things. The shared queue
holds at most `shared_queue_limit` here and turns others away at the price of giving up: the share
of time at that limit, `full_share`, should be negligible. The simulated centre closes own queues
300 s before the day ends. And its `exponential_times` drops the employees' speed, so that means
that differ by employee have no counterpart there.

Sources: Larsen and Agrawala 1983, Lin and Kumar 1984 (control of a fast and a slow server).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeVar

import numpy as np

from envs.value_iteration import DecisionChain, long_run_share
from nba.errors import InputError
from nba.types import Floats

IDLE: Final = -1
_MOST_STATES: Final = 300_000
Part = TypeVar("Part")


class Situation(NamedTuple):
    """One state of the model."""

    serving: tuple[int, ...]  # (K,) kind of customer each employee serves, −1 idle
    idle: tuple[int, ...]  # idle employees, the longest idle first
    own: tuple[tuple[int, ...], ...]  # (K,) kinds that wait for each employee, in order
    shared: tuple[int, ...]  # kinds in the shared queue, in order

    @property
    def n_waiting(self) -> int:
        """Customers in all queues."""
        return len(self.shared) + sum(len(queue) for queue in self.own)


@dataclass(frozen=True, slots=True)
class TinyCentre:
    """The model's numbers. Actions: 0 … K − 1 an employee, K the shared queue."""

    rates: tuple[float, ...]  # (I,) arrivals per second
    mean_service_s: tuple[tuple[float, ...], ...]  # (I, K)
    value_eur: tuple[tuple[float, ...], ...]  # (I, K) expected EUR when service ends
    wait_eur_per_s: float  # price of a customer's second in a queue
    abandon_eur: float  # price of a customer who gives up or is turned away
    mean_patience_s: float
    own_queue_limit: int = 0
    shared_queue_limit: int = 6

    def __post_init__(self) -> None:
        if not 1 <= self.n_employees <= 3:
            raise InputError(f"mean_service_s is for {self.n_employees} employees; 1 to 3 fit")
        shape = (len(self.rates), self.n_employees)
        for name in ("mean_service_s", "value_eur"):
            if any(len(row) != shape[1] for row in getattr(self, name)) or (
                len(getattr(self, name)) != shape[0]
            ):
                raise InputError(f"{name} needs {shape[0]} rows (kinds) of {shape[1]} (employees)")
        times = [*self.rates, *(x for row in self.mean_service_s for x in row)]
        if not all(0.0 < x < np.inf for x in times) or not self.mean_patience_s > 0.0:
            raise InputError(
                "rates, mean_service_s and mean_patience_s hold a number that is not above 0"
            )
        for name in ("own_queue_limit", "shared_queue_limit"):
            if getattr(self, name) < 0:
                raise InputError(f"{name} is {getattr(self, name)}; a number >= 0 is needed")

    @property
    def n_employees(self) -> int:
        """K."""
        return len(self.mean_service_s[0]) if self.mean_service_s else 0

    @property
    def n_kinds(self) -> int:
        """I."""
        return len(self.rates)

    @property
    def empty(self) -> Situation:
        """Nobody there; the employees have become idle in their order."""
        k = self.n_employees
        return Situation((IDLE,) * k, tuple(range(k)), ((),) * k, ())


def assign(centre: TinyCentre, now: Situation, kind: int, action: int) -> Situation | None:
    """The state after an arrival is given to `action`; None where that is not legal.

    The same state comes back when the shared queue is full: the customer is turned away.
    """
    if action == centre.n_employees:
        if not now.idle:
            full = len(now.shared) >= centre.shared_queue_limit
            return now if full else now._replace(shared=(*now.shared, kind))
        action = now.idle[0]
    if now.serving[action] == IDLE:
        others = tuple(k for k in now.idle if k != action)
        return now._replace(serving=_with(now.serving, action, kind), idle=others)
    if len(now.own[action]) >= centre.own_queue_limit:
        return None
    return now._replace(own=_with(now.own, action, (*now.own[action], kind)))


def complete(now: Situation, k: int) -> Situation:
    """The state after employee k ends a service."""
    if now.own[k]:
        own = _with(now.own, k, now.own[k][1:])
        return now._replace(serving=_with(now.serving, k, now.own[k][0]), own=own)
    if now.shared:
        serving = _with(now.serving, k, now.shared[0])
        return now._replace(serving=serving, shared=now.shared[1:])
    return now._replace(serving=_with(now.serving, k, IDLE), idle=(*now.idle, k))


def chain_of(centre: TinyCentre) -> tuple[DecisionChain, list[Situation]]:
    """The chain that `envs.value_iteration` solves, and its states; state 0 is the empty centre.

    Raises InputError when there are more states than can be held.
    """
    n_actions = centre.n_employees + 1
    states, index = [centre.empty], {centre.empty: 0}

    def number(state: Situation) -> int:
        if state not in index:
            index[state] = len(states)
            states.append(state)
        return index[state]

    events: list[list[tuple[int, float]]] = []
    after: list[list[list[int]]] = []
    for state in states:  # grows while it is walked
        events.append([(number(new), rate) for new, rate in _events(centre, state)])
        after.append([])
        for kind in range(centre.n_kinds):
            moves = (assign(centre, state, kind, a) for a in range(n_actions))
            after[-1].append([-1 if new is None else number(new) for new in moves])
        if len(states) > _MOST_STATES:
            raise InputError(f"more than {_MOST_STATES} states; lower shared_queue_limit")
    width = max(len(row) for row in events)
    target = np.zeros((len(states), width), dtype=np.int64)
    rate = np.zeros((len(states), width))
    for s, row in enumerate(events):
        for m, (new, per_s) in enumerate(row):
            target[s, m], rate[s, m] = new, per_s
    moves_to = np.array(after, dtype=np.int64)
    turned_away = moves_to == np.arange(len(states))[:, None, None]
    chain = DecisionChain(
        reward=np.array([_reward(centre, state) for state in states]),
        target=target,
        rate=rate,
        arrival_rate=np.array(centre.rates),
        after=moves_to,
        lump=np.where(turned_away, -centre.abandon_eur, 0.0),
    )
    return chain, states


def full_share(
    centre: TinyCentre, chain: DecisionChain, states: list[Situation], policy: Floats
) -> float:
    """The share of time in which the shared queue is at its limit, under this policy."""
    limit = centre.shared_queue_limit
    return long_run_share(chain, policy, lambda s: len(states[s].shared) >= limit)


def _events(centre: TinyCentre, now: Situation) -> Iterator[tuple[Situation, float]]:
    """Ends of service, and customers who give up: the new state, and per second."""
    for k, kind in enumerate(now.serving):
        if kind != IDLE:
            yield complete(now, k), 1.0 / centre.mean_service_s[kind][k]
    leaving = 1.0 / centre.mean_patience_s
    if leaving == 0.0:
        return
    for j in range(len(now.shared)):
        yield now._replace(shared=now.shared[:j] + now.shared[j + 1 :]), leaving
    for k, queue in enumerate(now.own):
        for j in range(len(queue)):
            yield now._replace(own=_with(now.own, k, queue[:j] + queue[j + 1 :])), leaving


def _reward(centre: TinyCentre, now: Situation) -> float:
    """Expected EUR per second in a state."""
    earned = sum(
        centre.value_eur[kind][k] / centre.mean_service_s[kind][k]
        for k, kind in enumerate(now.serving)
        if kind != IDLE
    )
    price = centre.wait_eur_per_s + centre.abandon_eur / centre.mean_patience_s
    return earned - price * now.n_waiting


def _with(row: tuple[Part, ...], at: int, value: Part) -> tuple[Part, ...]:
    return (*row[:at], value, *row[at + 1 :])
