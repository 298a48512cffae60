"""Jackknife and bootstrap over buckets of units: a resample costs 4,096 numbers, not a million.

All rows of a customer stay together, as in the delta method.
Sources: Quenouille 1956, Tukey 1958 (jackknife); Efron 1979 (bootstrap); Cameron, Gelbach, Miller
2008 (resampling whole clusters).
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from nba.errors import InputError
from nba.evaluate.estimand import COLUMNS, Estimand
from nba.evaluate.intervals import Interval, t_quantile
from nba.evaluate.stats import Statistics, linearise
from nba.seeding import generator
from nba.types import Floats

_BLOCK: Final = 100  # resamples drawn at once: their counts stay small


def jackknife_error(statistics: Statistics, estimand: Estimand) -> float:
    """The standard error from leaving out one bucket at a time; infinite with fewer than two."""
    return _jackknife(statistics, estimand)[1]


def jackknife_interval(
    statistics: Statistics, estimand: Estimand, *, level: float = 0.95
) -> Interval:
    """Value less the jackknife's bias ± t · its standard error; infinite with under two buckets."""
    value, error, n_buckets = _jackknife(statistics, estimand)
    if not np.isfinite(error):
        return Interval(-np.inf, np.inf)
    reach = t_quantile(level, n_buckets - 1) * error
    return Interval(value - reach, value + reach)


def bootstrap_values(
    statistics: Statistics, estimands: Sequence[Estimand], *, resamples: int = 1000, seed: int = 0
) -> Floats:
    """Each estimand's value in each resample of the buckets, (resamples, estimands).

    All estimands see the same resamples, and so do the sums of two policies on the same rows: the
    differences of their values are paired.
    """
    if resamples < 2:
        raise InputError(f"resamples is {resamples}; at least 2 are needed, 1000 are usual")
    for estimand in estimands:
        linearise(statistics, estimand)  # refuses what has no value
    buckets = statistics.buckets[statistics.buckets[:, 0] > 0]
    columns = _columns(buckets, estimands)
    rng = generator(seed, "bootstrap over buckets")
    parts = []
    for start in range(0, resamples, _BLOCK):
        size = min(_BLOCK, resamples - start)
        drawn = rng.integers(0, len(buckets), (size, len(buckets)))
        drawn += len(buckets) * np.arange(size)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=size * len(buckets))
        parts.append(_values(counts.reshape(size, -1) @ columns, estimands))
    return np.concatenate(parts)


def bootstrap_intervals(
    statistics: Statistics,
    estimands: Sequence[Estimand],
    *,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> tuple[Interval, ...]:
    """The percentile interval of each estimand; infinite with fewer than two buckets."""
    tail = (1.0 - _checked(level)) / 2
    values = bootstrap_values(statistics, estimands, resamples=resamples, seed=seed)
    if (statistics.buckets[:, 0] > 0).sum() < 2:
        return tuple(Interval(-np.inf, np.inf) for _ in estimands)
    low, high = np.quantile(values, [tail, 1.0 - tail], axis=0)
    return tuple(Interval(float(a), float(b)) for a, b in zip(low, high, strict=True))


def _jackknife(statistics: Statistics, estimand: Estimand) -> tuple[float, float, int]:
    """The value less its bias, its standard error and the number of buckets."""
    value = linearise(statistics, estimand).value
    buckets = statistics.buckets[statistics.buckets[:, 0] > 0]
    n = len(buckets)
    if n < 2:
        return value, float("inf"), n
    without = np.zeros(n)
    for totals, sizes in estimand.ratios(buckets):
        rest = sizes.sum() - sizes
        without += np.divide(totals.sum() - totals, rest, out=np.zeros(n), where=rest > 0)
    mean = float(without.mean())
    error = float(np.sqrt((n - 1) / n * np.square(without - mean).sum()))
    return value - (n - 1) * (mean - value), error, n


def _columns(buckets: Floats, estimands: Sequence[Estimand]) -> Floats:
    """Numerators and denominators of all estimands side by side, (J, pairs · 2)."""
    pairs = [side for e in estimands for ratio in e.ratios(buckets) for side in ratio]
    assert buckets.shape[1] == len(COLUMNS)
    return np.stack(pairs, axis=1)


def _values(sums: Floats, estimands: Sequence[Estimand]) -> Floats:
    """The values (B, estimands) from sums (B, pairs · 2) in the order of `_columns`."""
    totals, sizes = sums[:, ::2], sums[:, 1::2]
    ratios = np.divide(totals, sizes, out=np.zeros_like(totals), where=sizes > 0)
    starts = np.cumsum([0, *(2 if estimand.offset else 1 for estimand in estimands)])[:-1]
    return np.asarray(np.add.reduceat(ratios, starts, axis=1))


def _checked(level: float) -> float:
    t_quantile(level, 10)  # refuses a level outside (0, 1)
    return level
