"""Counter-based randomness: a number is a pure function of (day, customer, occasion, purpose).

The same customer meets the same luck whatever was done before, which makes paired comparisons.
Source: Steele, Lea, Flood 2014 (SplitMix64's finaliser); Box, Muller 1958.
"""

from typing import Final

import numpy as np

from envs.jit import njit

# Purposes: one per independent draw.
INTENT: Final = 1
CHANNEL: Final = 2
COMPLEXITY: Final = 3
AFFINITY: Final = 4
SENTIMENT: Final = 5
PATIENCE: Final = 6
BUMP: Final = 7
VALUE: Final = 8
LANGUAGE: Final = 9
GUESS: Final = 10
NOISE: Final = 100  # and the numbers after it: one per observed estimate
CARRY: Final = 16
SERVICE: Final = 20
RESOLVE: Final = 21
BOT: Final = 22
CONTAIN: Final = 23
BOT_TIME: Final = 24
RECONTACT: Final = 25
DELAY: Final = 26
REACH: Final = 27
CSAT: Final = 28
CALLBACK: Final = 29
CSAT_NOISE: Final = 31
SAME_DAY: Final = 30
ROSTER: Final = 40
DAY: Final = 60
SLOT: Final = 61
ARRIVAL: Final = 62

_C1: Final = np.uint64(0x9E3779B97F4A7C15)
_C2: Final = np.uint64(0xBF58476D1CE4E5B9)
_C3: Final = np.uint64(0x94D049BB133111EB)
_C4: Final = np.uint64(0xD6E8FEB86659FD93)
_SCALE: Final = 2.0**-53


@njit
def mix(z: np.uint64) -> np.uint64:
    """A bijective scramble of 64 bits."""
    z = (z ^ (z >> np.uint64(30))) * _C2
    z = (z ^ (z >> np.uint64(27))) * _C3
    return np.uint64(z ^ (z >> np.uint64(31)))


@njit
def key(parent: np.uint64, index: int) -> np.uint64:
    """The key of one child of a key: a day of a site, a customer of a day, an occasion."""
    return mix(np.uint64(parent + (np.uint64(index) + np.uint64(1)) * _C1))


@njit
def uniform(parent: np.uint64, purpose: int) -> float:
    """A uniform number in (0, 1) for one purpose under a key."""
    z = mix(np.uint64(parent ^ (np.uint64(purpose) * _C4)))
    return (np.float64(z >> np.uint64(11)) + 0.5) * _SCALE


@njit
def normal(parent: np.uint64, purpose: int) -> float:
    """A standard normal number for one purpose under a key."""
    radius = np.sqrt(-2.0 * np.log(uniform(parent, purpose)))
    return float(radius * np.cos(2.0 * np.pi * uniform(parent, purpose + 1000)))


@njit
def gamma(parent: np.uint64, purpose: int, shape: float) -> float:
    """A gamma number of scale one (Marsaglia, Tsang 2000), by counted tries under a key."""
    boost = 1.0
    a = shape
    if a < 1.0:
        boost = uniform(parent, purpose + 3000) ** (1.0 / a)
        a += 1.0
    d = a - 1.0 / 3.0
    c = 1.0 / np.sqrt(9.0 * d)
    attempt = 0
    while True:
        child = key(parent, purpose * 4096 + attempt)
        x = normal(child, purpose)
        v = (1.0 + c * x) ** 3
        if v > 0.0 and np.log(
            uniform(child, purpose + 2000)
        ) < 0.5 * x * x + d - d * v + d * np.log(v):
            return float(d * v * boost)
        attempt += 1


@njit
def poisson(parent: np.uint64, purpose: int, mean: float) -> int:
    """A Poisson count by counted exponential gaps; fit for means up to a few hundred."""
    total = 0.0
    count = -1
    while total < mean:
        count += 1
        total -= np.log(uniform(key(parent, count), purpose))
    return max(count, 0)
