"""Intervals from sums per bucket of units, so that rows of one customer count as one witness.

Sources: delta method for ratios, Cochran 1977; empirical Bernstein, Maurer & Pontil 2009; Cressie
& Read 1984 and Karampatziakis, Langford, Mineiro 2020 (empirical likelihood for contextual
bandits); Abramowitz & Stegun 26.7.5 (t quantile).
"""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from nba.errors import InputError
from nba.types import Floats


class Interval(NamedTuple):
    """The ends of an interval; both infinite where the data say nothing."""

    low: float
    high: float


class Extreme(NamedTuple):
    """One decision that could have been in the log and was not."""

    total: float  # its share in the numerator
    weight: float


def t_quantile(level: float, degrees: int) -> float:
    """The two-sided quantile of Student's t, for a whole number of degrees of freedom.

    Up to 30 by the closed form of its distribution (Abramowitz & Stegun 1964, 26.7.3 and 26.7.4),
    beyond by its expansion around the normal quantile.

    >>> [round(t_quantile(0.95, degrees), 3) for degrees in (1, 10, 99)]
    [12.706, 2.228, 1.984]
    """
    if not 0.0 < level < 1.0:
        raise InputError(f"level is {level}; give the interval's coverage between 0 and 1")
    if degrees <= 30:
        low, high = 0.0, np.pi / 2  # angles: t is the root of the degrees times the tangent
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if _t_between(middle, degrees) < level else (low, middle)
        return float(np.sqrt(degrees) * np.tan(low))
    z = NormalDist().inv_cdf(0.5 + level / 2)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / degrees + second / degrees**2 + third / degrees**3


def _t_between(angle: float, degrees: int) -> float:
    """P(|t| < root of the degrees × tan(angle))."""
    cosine, sine = np.cos(angle), np.sin(angle)
    odd = degrees % 2
    term = cosine if odd else 1.0
    total = term if degrees > 1 else 0.0
    for k in range(2 + odd, degrees - 1, 2):
        term *= (k - 1) / k * cosine**2
        total += term
    return float(2 / np.pi * (angle + sine * total) if odd else sine * total)


def delta_error(influence: Floats) -> float:
    """The standard error of a value, from what each bucket of units adds to its error, (J,)."""
    n_buckets = len(influence)
    if n_buckets < 2:
        return float("inf")
    return float(np.sqrt(n_buckets / (n_buckets - 1) * np.square(influence).sum()))


def tail_size(influence: Floats) -> float:
    """(Σ d²)² / Σ d⁴ of what the buckets add, (J,): how many of them carry the variance.

    About J / 3 for normal ones; few where a rare reward or weight decides; 0 if all are 0.

    >>> tail_size(np.ones(9)), tail_size(np.array([5.0, 0.0, 0.0])), tail_size(np.zeros(3))
    (9.0, 1.0, 0.0)
    """
    largest = float(np.abs(influence).max(initial=0.0))
    if largest <= 0.0:
        return 0.0
    squares = np.square(influence / largest)
    return float(squares.sum() ** 2 / np.square(squares).sum())


def delta_interval(value: float, influence: Floats, *, level: float) -> Interval:
    """Value ± t · its standard error; infinite with fewer than two buckets."""
    error = delta_error(influence)
    if not np.isfinite(error):
        return Interval(-np.inf, np.inf)
    reach = t_quantile(level, len(influence) - 1) * error
    return Interval(value - reach, value + reach)


def empirical_bernstein_interval(
    value: float, influence: Floats, *, level: float, spread: float | None = None
) -> Interval:
    """An interval that holds at any number of buckets, for what each adds within a known spread.

    `influence` (J,) is what each bucket of units adds to the error; `spread` the largest
    difference that two of them can have, by default the largest seen, which a rare large weight
    that is not in the log would exceed. Infinite with fewer than two buckets.
    """
    n_buckets = len(influence)
    degrees = max(1, n_buckets - 1)
    t_quantile(level, degrees)  # refuses a level outside (0, 1)
    if n_buckets < 2:
        return Interval(-np.inf, np.inf)
    scaled = n_buckets * influence  # whose mean is what the value is off by
    width = n_buckets * spread if spread is not None else float(np.ptp(scaled))
    surprise = math.log(4.0 / (1.0 - level))  # each end gets half of what may go wrong
    variance = float(np.var(scaled, ddof=1))
    reach = math.sqrt(2 * variance * surprise / n_buckets) + 7 * width * surprise / (3 * degrees)
    return Interval(value - reach, value + reach)


def cressie_read_interval(
    totals: Floats, rows: Floats, weight: Floats, extremes: Sequence[Extreme], *, level: float
) -> Interval:
    """All values of Σtotals / Σrows that some plausible reweighting of the buckets gives.

    Buckets (J,) are reweighted such that the mean weight is 1, at a squared (Cressie–Read,
    λ = -2) distance that the level allows. Because the rows that matter most may be missing from a
    small log, one bucket of each of the `extremes` is added in turn and the widest ends are kept.
    """
    n = len(totals)
    if n < 2:
        return Interval(-np.inf, np.inf)
    columns = np.stack([totals, rows, weight - rows])  # (3, J)
    sums, squares = columns.sum(axis=1), columns @ columns.T
    mean_off, spread = sums[2] / n, squares[2, 2] / n - (sums[2] / n) ** 2
    off = mean_off**2 / spread if spread > 1e-12 else 0.0  # what "mean weight 1" alone costs
    # The distance of the log without any extreme bucket, among n + 1, and what the level adds.
    allowed = 1.0 / n + off * (n + 1) / n + t_quantile(level, n - 1) ** 2 / (n + 1)
    ends = [_ends(sums, squares, n, extreme, allowed=allowed) for extreme in extremes]
    found = [end for end in ends if end is not None]
    if not found:
        return Interval(-np.inf, np.inf)
    return Interval(min(end.low for end in found), max(end.high for end in found))


def _ends(
    sums: Floats, squares: Floats, n: int, extreme: Extreme, *, allowed: float
) -> Interval | None:
    """The interval with one extreme bucket added; None if no allowed reweighting has mean 1."""
    added = np.array([extreme.total, 1.0, extreme.weight - 1.0])
    size = n + 1
    mean = (sums + added) / size
    covariance = (squares + np.outer(added, added)) / size - np.outer(mean, mean)
    spread = covariance[2, 2]
    slope = covariance[:2, 2] / spread if spread > 1e-12 else np.zeros(2)
    numerator, denominator = mean[:2] - slope * mean[2]
    rest = covariance[:2, :2] - np.outer(slope, slope) * spread
    left = allowed - (mean[2] ** 2 / spread if spread > 1e-12 else 0.0)
    if left < 0:
        return None
    # (numerator - θ denominator)² <= left · variance of (total - θ rows): a quadratic in θ.
    a = denominator**2 - left * rest[1, 1]
    b = numerator * denominator - left * rest[0, 1]
    c = numerator**2 - left * rest[0, 0]
    if a <= 0:
        return Interval(-np.inf, np.inf)
    reach = np.sqrt(max(0.0, b * b - a * c))
    return Interval(float((b - reach) / a), float((b + reach) / a))
