"""Queueing formulas that the simulation is checked against.

Sources: Erlang 1917 (C); Palm 1957 and Garnett, Mandelbaum, Reiman 2002 (A).
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """Long-run figures of a many-server queue."""

    wait_probability: float  # P(an arrival has to wait)
    mean_wait_s: float  # over all arrivals
    abandon_probability: float


def erlang_a(
    rate: float, mean_service_s: float, servers: int, mean_patience_s: float
) -> QueueFigures:
    """M/M/N+M: Poisson arrivals (per second), exponential service and patience.

    >>> round(erlang_a(0.1, 100.0, 12, 1e9).wait_probability, 3)  # Erlang C at 10 Erlang, N = 12
    0.449
    """
    # Birth-death chain, truncated where the tail is negligible.
    states = servers + int(60 * np.sqrt(servers) + 2000)
    n = np.arange(1, states + 1)
    death = np.minimum(n, servers) / mean_service_s + np.maximum(n - servers, 0) / mean_patience_s
    log_weight = np.concatenate([[0.0], np.cumsum(np.log(rate) - np.log(death))])
    p = np.exp(log_weight - log_weight.max())
    p /= p.sum()
    waiting = np.maximum(np.arange(states + 1) - servers, 0)
    queue = float(p @ waiting)
    return QueueFigures(
        wait_probability=float(p[servers:].sum()),
        mean_wait_s=queue / rate,
        abandon_probability=queue / mean_patience_s / rate,
    )
