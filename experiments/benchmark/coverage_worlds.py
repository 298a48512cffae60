"""Planted worlds for the coverage and gate studies: every policy's true value is known exactly.

A world is a table of situations and actions. What makes intervals fail is varied one by one: high
rewards, heavy weights, few effective rows, customers who come back, days that share their luck,
rare clicks, and amounts in EUR where a few rows hold most of the money.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from nba.evaluate.buckets import row_buckets
from nba.evaluate.rows import WeightedRows
from nba.types import Floats

_MOST_UNITS: Final = 20_000
_UNIT_BUCKETS: Final = row_buckets(_MOST_UNITS)


@dataclass(frozen=True, slots=True)
class World:
    """Situations (s) by actions (k), and how rewards scatter around their means."""

    name: str
    share: Floats  # (s,)
    logging: Floats  # (s, k)
    target: Floats  # (s, k)
    mean: Floats  # (s, k) expected reward
    scatter: Literal["normal", "binary", "euros"] = "normal"
    noise: float = 1.0  # of "normal": standard deviation; of "euros": that of the logarithm
    paid: float = 1.0  # of "euros": the share of rows with any amount
    rows_per_unit: float = 1.0
    n_units: int = 0  # a fixed number of units, whatever the rows; 0: by rows_per_unit
    mood: float = 0.0  # standard deviation of what a unit adds to all its rewards

    def value(self, policy: Floats) -> float:
        """The exact expected reward of a policy, (s, k)."""
        return float(self.share @ (policy * self.mean).sum(axis=1))

    @property
    def truth(self) -> float:
        """The exact expected reward of the target."""
        return self.value(self.target)

    @property
    def gain(self) -> float:
        """How much more the target earns than the logging policy."""
        return self.truth - self.value(self.logging)

    @property
    def ess_share(self) -> float:
        """The effective share of rows, in the long run."""
        squares = np.where(self.target > 0, self.target**2 / self.logging, 0.0)
        return 1.0 / float(self.share @ squares.sum(axis=1))


def draw_rows(world: World, n: int, rng: np.random.Generator) -> WeightedRows:
    """Rows of n decisions of the logging policy, with a model that is useful and not right."""
    unit = _units(world, n, rng)
    situation = rng.choice(len(world.share), n, p=world.share)
    reached = np.cumsum(world.logging, axis=1)[situation]
    action = np.minimum((rng.random(n)[:, None] >= reached).sum(axis=1), reached.shape[1] - 1)
    reward = _rewards(world, world.mean[situation, action], rng)
    if world.mood:
        reward = reward + world.mood * rng.normal(size=_MOST_UNITS)[unit]
    tried = world.logging > 0
    known = np.where(tried, world.mean, world.mean[tried].mean())  # a model learns from the log
    model = 0.5 * known + 0.5 * float(known.mean())
    weights = np.divide(world.target, world.logging, out=np.zeros_like(known), where=tried)
    return WeightedRows(
        _UNIT_BUCKETS[unit],
        weight=weights[situation, action],
        reward=reward,
        predicted=model[situation, action],
        value=(world.target * model).sum(axis=1)[situation],
    )


def make_world(
    name: str,
    *,
    seed: int,
    n_actions: int,
    sharpness: float,
    low: float = 0.0,
    high: float = 4.0,
    n_situations: int = 30,
) -> World:
    """A random table; a larger `sharpness` sets target and logging policy further apart."""
    rng = np.random.default_rng(seed)
    shape = (n_situations, n_actions)
    mean = rng.uniform(low, high, shape)
    liking = (mean - mean.mean(axis=1, keepdims=True)) / mean.std(axis=1, keepdims=True)
    return World(
        name,
        share=rng.dirichlet(np.full(n_situations, 5.0)),
        logging=_softmax(0.5 * sharpness * rng.normal(size=shape)),
        target=_softmax(sharpness * (0.5 * liking + rng.normal(size=shape))),
        mean=mean,
    )


def worlds() -> Mapping[str, World]:
    """The worlds of the studies by name."""
    plain = make_world("plain", seed=1, n_actions=4, sharpness=0.8)
    high = make_world("high reward", seed=2, n_actions=10, sharpness=0.7, low=0.75, high=0.98)
    heavy = make_world("heavy weights", seed=3, n_actions=10, sharpness=2.2)
    few = make_world("small ESS", seed=4, n_actions=20, sharpness=1.8)
    rare = make_world("rare clicks", seed=5, n_actions=5, sharpness=0.7, low=0.002, high=0.03)
    money = make_world("skewed EUR", seed=6, n_actions=5, sharpness=0.8, low=1.0, high=6.0)
    found = (
        plain,
        replace(high, scatter="binary"),
        heavy,
        few,
        replace(plain, name="returning customers", rows_per_unit=6.0, mood=1.5),
        replace(plain, name="40 site-days", n_units=40, mood=0.7),
        replace(rare, scatter="binary"),
        replace(money, scatter="euros", noise=1.0, paid=0.2),
    )
    return {world.name: world for world in found}


def _units(
    world: World, n: int, rng: np.random.Generator
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    if not world.n_units and world.rows_per_unit == 1.0:
        return np.arange(n)
    return rng.integers(0, world.n_units or round(n / world.rows_per_unit), n)


def _rewards(world: World, mean: Floats, rng: np.random.Generator) -> Floats:
    if world.scatter == "binary":
        return (rng.random(len(mean)) < mean).astype(np.float64)
    if world.scatter == "euros":
        amount = np.exp(world.noise * rng.normal(size=len(mean)) - world.noise**2 / 2)
        return np.asarray(mean * amount * (rng.random(len(mean)) < world.paid) / world.paid)
    return np.asarray(mean + world.noise * rng.normal(size=len(mean)))


def _softmax(score: Floats) -> Floats:
    weight = np.exp(score - score.max(axis=1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))
