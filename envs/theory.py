"""Queueing formulas that the simulation is checked against.

Sources: Erlang 1917 (B, C); Palm 1957, Baccelli and Hebuterne 1981, Garnett, Mandelbaum and Reiman
2002 (A); Pollaczek 1930 and Khinchine 1932 (M/G/1); Allen 1978 (Allen-Cunneen, M/G/N).
Rates are per second, times in seconds, loads in Erlang (rate x mean service time).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from nba.errors import InputError
from nba.types import Floats

_NEGLIGIBLE: Final = -45.0  # log of a state's weight against the likeliest one
_MOST_STATES: Final = 20_000_000


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """Long-run figures of a many-server queue."""

    wait_probability: float  # P(an arrival has to wait)
    mean_wait_s: float  # over all arrivals
    abandon_probability: float


def erlang_b(load: float, servers: int) -> float:
    """The share of arrivals that find all servers busy and are lost, M/G/N/N.

    Raises InputError for a negative or infinite load or fewer than one server.

    >>> round(erlang_b(8.108, 15), 4)
    0.01
    """
    _check_load(load)
    _check_servers(servers)
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


def erlang_c(load: float, servers: int) -> float:
    """The probability that an arrival has to wait, M/M/N; 1.0 once the load reaches the servers.

    Raises InputError as `erlang_b` does.

    >>> round(erlang_c(10.0, 14), 3)
    0.174
    """
    blocked = erlang_b(load, servers)
    if load >= servers:
        return 1.0
    return servers * blocked / (servers - load * (1.0 - blocked))


def erlang_a(
    rate: float, mean_service_s: float, servers: int, mean_patience_s: float
) -> QueueFigures:
    """Waiting and abandonment in M/M/N+M: Poisson arrivals, exponential service and patience.

    `mean_patience_s` may be infinite: nobody gives up, which is Erlang C and needs a load below
    the number of servers. Raises InputError naming the field that is wrong.

    >>> round(erlang_a(0.1, 100.0, 12, float("inf")).wait_probability, 3)
    0.449
    """
    p = np.exp(_log_stationary(rate, mean_service_s, servers, mean_patience_s))
    queue = float(p[servers:] @ np.arange(len(p) - servers))
    return QueueFigures(
        wait_probability=float(p[servers:].sum()),
        mean_wait_s=queue / rate,
        abandon_probability=queue / mean_patience_s / rate,
    )


def service_level(
    rate: float,
    mean_service_s: float,
    servers: int,
    within_s: float,
    *,
    mean_patience_s: float = np.inf,
) -> float:
    """The share of all arrivals that are answered within `within_s`, M/M/N+M.

    Who gives up counts as not answered. The density of the wait that a customer without end to
    their patience would have is λ p(N−1) exp(λ ∫₀ᵛ e^(−θu) du − N μ v), Baccelli and Hebuterne.

    >>> round(service_level(100 / 1800, 180.0, 14, 20.0), 3)
    0.888
    """
    if not within_s >= 0.0:
        raise InputError(f"within_s is {within_s}; a number of seconds >= 0 is needed")
    log_p = _log_stationary(rate, mean_service_s, servers, mean_patience_s)
    at_once = float(np.exp(log_p[:servers]).sum())
    leaving = 1.0 / mean_patience_s
    nodes, weights = np.polynomial.legendre.leggauss(64)
    # Pieces short against the fastest rate in the exponent keep the rule exact to rounding.
    fastest = max(rate, servers / mean_service_s, leaving)
    edges = np.linspace(0.0, within_s, min(2000, 2 + int(within_s * fastest / 20.0)))
    half = np.diff(edges)[:, None] / 2.0
    v = edges[:-1, None] + half * (1.0 + nodes)
    still_there = v if leaving == 0.0 else -np.expm1(-leaving * v) / leaving
    exponent = rate * still_there - servers / mean_service_s * v - leaving * v
    density = rate * np.exp(float(log_p[servers - 1]) + exponent)
    return at_once + float((half * weights * density).sum())


def fewest_servers(
    rate: float,
    mean_service_s: float,
    *,
    share: float,
    within_s: float,
    mean_patience_s: float = np.inf,
) -> int:
    """The fewest servers that answer at least `share` of the arrivals within `within_s`.

    Raises InputError naming the field that is wrong.

    >>> fewest_servers(100 / 1800, 180.0, share=0.8, within_s=20.0)
    14
    """
    if not 0.0 < share < 1.0:
        raise InputError(f"share is {share}; a number between 0 and 1 is needed, such as 0.8")
    _check_positive(rate=rate, mean_service_s=mean_service_s, mean_patience_s=mean_patience_s)
    patient = np.isinf(mean_patience_s)

    def enough(servers: int) -> bool:
        if patient and rate * mean_service_s >= servers:
            return False
        level = service_level(
            rate, mean_service_s, servers, within_s, mean_patience_s=mean_patience_s
        )
        return level >= share

    low, high = 0, 1
    while not enough(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def pollaczek_khinchine(rate: float, mean_service_s: float, service_cv: float) -> float:
    """Mean wait in M/G/1, s; `service_cv` is standard deviation over mean of the service time.

    Raises InputError naming the field that is wrong, or when the load reaches one.

    >>> pollaczek_khinchine(0.01, 50.0, 0.0)  # fixed times wait half as long as exponential ones
    25.0
    """
    return allen_cunneen(rate, mean_service_s, 1, service_cv)


def allen_cunneen(rate: float, mean_service_s: float, servers: int, service_cv: float) -> float:
    """Mean wait in M/G/N, s: exact for one server or exponential service, else close to it.

    Raises InputError naming the field that is wrong, or when the load reaches the servers.

    >>> round(allen_cunneen(100 / 1800, 180.0, 14, 1.0), 2)
    7.84
    """
    _check_positive(rate=rate, mean_service_s=mean_service_s)
    if not 0.0 <= service_cv < np.inf:
        raise InputError(f"service_cv is {service_cv}; a finite number >= 0 is needed")
    load = rate * mean_service_s
    waits = erlang_c(load, servers)
    _check_stable(load, servers)
    return waits * mean_service_s / (servers - load) * (1.0 + service_cv**2) / 2.0


def _log_stationary(
    rate: float, mean_service_s: float, servers: int, mean_patience_s: float
) -> Floats:
    """Log probabilities of 0, 1, … customers in M/M/N+M, up to where the tail is negligible."""
    _check_positive(rate=rate, mean_service_s=mean_service_s, mean_patience_s=mean_patience_s)
    _check_servers(servers)
    if np.isinf(mean_patience_s):
        _check_stable(rate * mean_service_s, servers)
    states = 2 * servers + 1000
    while states <= _MOST_STATES:
        n = np.arange(1, states + 1)
        waiting = np.maximum(n - servers, 0)
        death = np.minimum(n, servers) / mean_service_s + waiting / mean_patience_s
        weight = np.concatenate([[0.0], np.cumsum(np.log(rate) - np.log(death))])
        if weight[-1] < weight.max() + _NEGLIGIBLE and death[-1] > rate:
            top = weight.max()
            return np.asarray(weight - top - np.log(np.exp(weight - top).sum()))
        states *= 4
    raise InputError(
        f"servers is {servers} for a load of {rate * mean_service_s:.6g} Erlang: the queue is "
        f"longer than {_MOST_STATES} customers; add servers or shorten mean_patience_s"
    )


def _check_positive(**values: float) -> None:
    for name, value in values.items():
        if not value > 0.0 or (np.isinf(value) and name != "mean_patience_s"):
            raise InputError(f"{name} is {value}; a finite number above 0 is needed")


def _check_load(load: float) -> None:
    if not 0.0 <= load < np.inf:
        raise InputError(f"load is {load}; a finite number of Erlang >= 0 is needed")


def _check_servers(servers: int) -> None:
    if servers < 1:
        raise InputError(f"servers is {servers}; at least 1 is needed")


def _check_stable(load: float, servers: int) -> None:
    if load >= servers:
        raise InputError(
            f"servers is {servers} for a load of {load:.6g} Erlang; without abandonment more "
            "servers than that are needed"
        )
