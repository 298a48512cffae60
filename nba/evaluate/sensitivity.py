"""How wrong estimated propensities may be before a finding falls: bands for a factor Γ of odds.

The true odds of each choice may differ from the estimated ones by up to Γ, through something that
was known when choosing and is not in the log. Γ = 1 trusts the model; a finding that falls at 1.1
rests on it, one that stands at 2 hardly does.
Sources: Tan 2006 (the model); Zhao, Small, Bhattacharya 2019 (the band, and its bootstrap).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from nba.errors import InputError
from nba.evaluate.buckets import Buckets32
from nba.types import Floats

RESAMPLES: Final = 200
GAMMAS: Final = (1.0, 1.1, 1.25, 1.5, 2.0, 3.0)


@dataclass(frozen=True, slots=True)
class WeightRange:
    """The least and the greatest weight that each row may have, (n,), at a factor Γ of the odds."""

    low: Floats
    high: Floats
    gamma: float


@dataclass(frozen=True, slots=True)
class Band:
    """What a value may be at Γ: in this log alone, and with the luck of the draw."""

    gamma: float
    least: float
    most: float
    low: float
    high: float


def choice_weights(target: Floats, propensity: Floats, gamma: float) -> WeightRange:
    """Weights target / propensity, (n,), of the chosen actions where the odds are off by up to Γ.

    >>> found = choice_weights(np.array([0.5]), np.array([0.5]), 2.0)
    >>> found.low, found.high
    (array([0.75]), array([1.5]))
    """
    _check(gamma)
    against = 1.0 / propensity - 1.0
    return WeightRange(target * (1.0 + against / gamma), target * (1.0 + against * gamma), gamma)


def odds_weights(odds: Floats, gamma: float) -> WeightRange:
    """Weights that are odds themselves, (n,): the untreated's in an effect on the treated.

    >>> odds_weights(np.array([1.0]), 2.0).high
    array([2.])
    """
    _check(gamma)
    return WeightRange(odds / gamma, odds * gamma, gamma)


def sensitivity_band(
    values: Floats,
    weights: WeightRange,
    bucket: Buckets32,
    *,
    plus: Floats | None = None,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Band:
    """All that Σ w · values / Σ w + mean(plus) may be for weights in their range, (n,) each.

    `values` are rewards (or a model's errors), `plus` what is averaged with them (a model's values,
    or minus the rewards for a difference to the logging policy). The outer ends are quantiles over
    resampled buckets of units.
    """
    order = np.argsort(values, kind="stable")
    ordered = _Ordered(values[order], weights.low[order], weights.high[order])
    added = np.zeros(len(values)) if plus is None else plus
    least, most = ordered.ends(np.ones(len(values)))
    generator = np.random.default_rng(seed)
    n_buckets = int(bucket.max()) + 1 if len(bucket) else 1
    drawn = np.empty((resamples, 2))
    for i in range(resamples):
        count = generator.poisson(1.0, n_buckets)[bucket].astype(np.float64)
        mean = float(count @ added) / max(1.0, float(count.sum()))
        drawn[i] = np.array(ordered.ends(count[order])) + mean
    tail = (1.0 - level) / 2
    shift = float(added.mean())
    return Band(
        weights.gamma,
        least + shift,
        most + shift,
        low=min(float(np.quantile(drawn[:, 0], tail)), least + shift),
        high=max(float(np.quantile(drawn[:, 1], 1.0 - tail)), most + shift),
    )


def robust_gamma(band: Callable[[float], Band], above: float, *, most: float = 10.0) -> float:
    """The greatest Γ at which the band, luck included, lies above a value; 0 if it never does.

    >>> robust_gamma(lambda g: Band(g, 0, 0, low=2.0 - g, high=9.0), 0.5)
    1.5
    """
    if band(1.0).low <= above:
        return 0.0
    if band(most).low > above:
        return most
    low, high = 1.0, most
    while high - low > 0.005:
        middle = (low + high) / 2
        low, high = (middle, high) if band(middle).low > above else (low, middle)
    return round(low, 2)


@dataclass(frozen=True, slots=True)
class _Ordered:
    """Rows by ascending value."""

    values: Floats
    low: Floats
    high: Floats

    def ends(self, count: Floats) -> tuple[float, float]:
        """The least and the greatest weighted mean; rows count `count` times.

        At either end all rows on one side of some value have their greatest weight and those on
        the other side their least, so n + 1 candidates are all there are.
        """
        low, high = self.low * count, self.high * count
        most = _candidates(self.values, below=low, above=high).max()
        least = _candidates(self.values, below=high, above=low).min()
        return float(least), float(most)


def _candidates(values: Floats, *, below: Floats, above: Floats) -> Floats:
    def split(x: Floats, y: Floats) -> Floats:
        before = np.concatenate([[0.0], np.cumsum(x)])
        after = np.concatenate([[0.0], np.cumsum(y)])
        return np.asarray(before + (after[-1] - after))

    size = split(below, above)
    total = split(below * values, above * values)
    return np.divide(total, size, out=np.zeros_like(total), where=size > 0)


def _check(gamma: float) -> None:
    if not gamma >= 1.0:
        raise InputError(f"gamma is {gamma}; a factor of odds from 1 up is needed")
