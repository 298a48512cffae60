"""Limits kept in training by Lagrange multipliers: a component's price rises until its limit holds.

A multiplier is in EUR per unit of its component and adds to the objective's price, in the very
kernel that pays the rewards. Sources: Altman 1999 (constrained MDPs); Tessler et al. 2019 (RCPO).
"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Any, Final

import numpy as np

from envs.vector import ContactCentreVector
from experiments.config import TrainConfig
from nba.listen.objective import Objective
from nba.types import Bools, Floats

# Which setting limits which component, both per contact that arrives.
LIMITS: Final = (
    ("wait_limit_s", "wait_s"),
    ("abandoned_limit", "abandoned"),
    ("cost_limit_eur", "channel_cost_eur"),
    ("overload_limit_s", "overload_s"),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One constraint over one rollout."""

    decisions: int  # so far
    component: str
    per_contact: float  # what really happened, in the component's unit
    multiplier: float  # EUR per unit, after this rollout's update


def limits_of(config: TrainConfig) -> dict[str, float]:
    """The limits that are set: component → most per contact."""
    found = {component: getattr(config, name) for name, component in LIMITS}
    return {component: limit for component, limit in found.items() if limit > 0.0}


def raised(multiplier: float, price: float, measured: float, limit: float, rate: float) -> float:
    """The multiplier after one step of dual ascent, never below zero.

    >>> raised(0.0, price=2.0, measured=0.06, limit=0.05, rate=0.5)
    0.2
    """
    return max(0.0, round(multiplier + rate * price * (measured / limit - 1.0), 12))


class Constraints:
    """Measures what the centres live through and sets the prices that they pay."""

    def __init__(
        self, vector: ContactCentreVector, limits: Mapping[str, float], rate: float
    ) -> None:
        self.multipliers = dict.fromkeys(limits, 0.0)
        self.history: list[Measured] = []
        self._vector = vector
        self._limits = dict(limits)
        self._rate = rate
        self._base = vector.objective
        self._ended = np.zeros(1 + len(limits))  # contacts and components of days that are over
        self._before = self._so_far()

    def days_over(self, done: Bools) -> None:
        """Take in the days that just ended in the centres of `done` (B,)."""
        if self._limits and done.any():
            closed = {**self._vector.day_components(), **self._vector.day_figures()}
            self._ended += [closed[name][done].sum() for name in ("arrivals", *self._limits)]

    def update(self, decisions: int) -> None:
        """Measure since the last update, and move every multiplier towards its limit."""
        if not self._limits:
            return
        now = self._so_far()
        contacts, *amounts = (now - self._before).tolist()
        self._before = now
        for (name, limit), amount in zip(self._limits.items(), amounts, strict=True):
            measured = amount / max(contacts, 1.0)
            price = abs(self._base.weights[name])
            multiplier = raised(self.multipliers[name], price, measured, limit, self._rate)
            self.multipliers[name] = multiplier
            self.history.append(Measured(decisions, name, measured, multiplier))
        prices = {n: self._base.weights[n] - m for n, m in self.multipliers.items()}
        self._vector.set_objective(Objective({**self._base.weights, **prices}))

    def state(self) -> dict[str, list[Any]]:
        """What was measured and raised so far, as plain values."""
        return {
            "history": [list(astuple(one)) for one in self.history],
            "ended": self._ended.tolist(),
            "before": self._before.tolist(),
        }

    def restore(self, state: Mapping[str, list[Any]]) -> None:
        """Go on from a `state`; the centres keep their own prices."""
        self.history = [Measured(*one) for one in state["history"]]
        self._ended, self._before = np.array(state["ended"]), np.array(state["before"])
        self.multipliers |= {one.component: one.multiplier for one in self.history}

    def _so_far(self) -> Floats:
        today = self._vector.so_far()
        sums = np.array([today[name].sum() for name in ("arrivals", *self._limits)])
        return np.asarray(self._ended + sums)
