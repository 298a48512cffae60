"""Counter-based randomness: a number is a pure function of (day, customer, occasion, purpose).

The same customer meets the same luck whatever was done before, which makes paired comparisons.
Sources: Steele, Lea, Flood 2014 (SplitMix64's finaliser); Wichura 1988 (AS 241, the normal
quantile: one uniform number a draw, and no logarithm in 85 % of them); Marsaglia, Tsang 2000.
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
CHURN: Final = 32
CONSENT: Final = 33
TOUCHES: Final = 34
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
    return normal_quantile(uniform(parent, purpose))


@njit
def normal_quantile(p: float) -> float:
    """The standard normal quantile of p in (0, 1), to about 1e-16 (AS 241, PPND16)."""
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        above = (2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853
        above = (above * r + 45921.953931549871457) * r + 13731.693765509461125
        above = ((above * r + 1971.5909503065514427) * r + 133.14166789178437745) * r
        below = (5226.495278852545925 * r + 28729.085735721942674) * r + 39307.89580009271061
        below = (below * r + 21213.794301586595867) * r + 5394.1960214247511077
        below = ((below * r + 687.1870074920579083) * r + 42.313330701600911252) * r
        return float(q * (above + 3.387132872796366608) / (below + 1.0))
    r = np.sqrt(-np.log(p if q < 0.0 else 1.0 - p))
    if r <= 5.0:
        r -= 1.6
        above = (7.7454501427834140764e-4 * r + 0.0227238449892691845833) * r
        above = ((above + 0.24178072517745061177) * r + 1.27045825245236838258) * r
        above = ((above + 3.64784832476320460504) * r + 5.7694972214606914055) * r
        above = (above + 4.6303378461565452959) * r + 1.42343711074968357734
        below = (1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r
        below = ((below + 0.0151986665636164571966) * r + 0.14810397642748007459) * r
        below = ((below + 0.68976733498510000455) * r + 1.6763848301838038494) * r
        below = (below + 2.05319162663775882187) * r + 1.0
    else:
        r -= 5.0
        above = (2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r
        above = ((above + 0.0012426609473880784386) * r + 0.026532189526576123093) * r
        above = ((above + 0.29656057182850489123) * r + 1.7848265399172913358) * r
        above = (above + 5.4637849111641143699) * r + 6.6579046435011037772
        below = (2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r
        below = ((below + 1.8463183175100546818e-5) * r + 7.868691311456132591e-4) * r
        below = ((below + 0.0148753612908506148525) * r + 0.13692988092273580531) * r
        below = (below + 0.59983220655588793769) * r + 1.0
    return float(-above / below if q < 0.0 else above / below)


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
    """A Poisson count, by inversion of one uniform number; fit for means up to a few hundred."""
    u = uniform(parent, purpose)
    count = 0
    term = np.exp(-mean)
    while u > term and (count < mean or term > 0.0):
        u -= term
        count += 1
        term *= mean / count
    return count


@njit
def gap(parent: np.uint64, count: int, purpose: int) -> float:
    """The exponential gap of mean one before the `count`-th point of a Poisson process."""
    return float(-np.log(uniform(key(parent, count), purpose)))
