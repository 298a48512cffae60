"""Intervals that hold at every moment of a running log, so that one may look whenever one likes.

They need the rows in the order of time: what a row is weighed with may depend on the past alone.
One row is one witness: average a customer's rows before, or let each customer count once.
Sources: Howard, Ramdas, McAuliffe, Sekhon 2021 (empirical Bernstein); Waudby-Smith & Ramdas 2023
(predictable plug-in); Waudby-Smith, Wu, Ramdas, Karampatziakis, Mineiro 2022 and Karampatziakis,
Mineiro, Ramdas 2021 (weights without an upper bound); Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas
2021 (the asymptotic form).
"""

from dataclasses import dataclass

import numpy as np

from nba.errors import InputError
from nba.types import Floats

_BOLDEST = 0.5  # of the bets λ < 1; Waudby-Smith & Ramdas advise 1/2 or 3/4


@dataclass(frozen=True, slots=True)
class ConfidenceSequence:
    """After each row the estimate so far and its interval; all hold together at the level."""

    value: Floats  # (n,)
    low: Floats  # (n,)
    high: Floats  # (n,)
    level: float

    def tightened(self) -> "ConfidenceSequence":
        """The same where the true value does not change: an end once reached is kept."""
        low, high = np.maximum.accumulate(self.low), np.minimum.accumulate(self.high)
        return ConfidenceSequence(self.value, low, high, self.level)

    def decided_at(self, margin: float = 0.0) -> int:
        """The first row after which the interval leaves the margin out; -1 if none does."""
        decided = np.flatnonzero((self.low > margin) | (self.high < margin))
        return int(decided[0]) if len(decided) else -1


def value_sequence(
    weight: Floats,
    reward: Floats,
    at: Floats,
    *,
    reward_range: tuple[float, float],
    level: float = 0.95,
) -> ConfidenceSequence:
    """The target's expected reward, valid for any sample size; weights need no upper bound.

    `weight` is target / propensity, `reward_range` what a reward can be, known beforehand; `at`
    are the rows' times. Raises InputError if rows are not in the order of time or out of range.

    >>> rng = np.random.default_rng(1)
    >>> rewards = (rng.random(2000) < 0.3).astype(float)
    >>> found = value_sequence(np.ones(2000), rewards, np.arange(2000.0), reward_range=(0.0, 1.0))
    >>> bool(found.low[-1] < 0.3 < found.high[-1]), bool(found.high[-1] - found.low[-1] < 0.1)
    (True, True)
    """
    scaled, low, span = _scaled(weight, reward, at, reward_range)
    alpha = _alpha(level) / 2
    below = _lower_sequence(weight * scaled, alpha)
    above = 1.0 - _lower_sequence(weight * (1.0 - scaled), alpha)
    value = np.cumsum(weight * scaled) / np.maximum(np.cumsum(weight), 1e-300)
    ends = low + span * np.maximum(below, 0.0), low + span * np.minimum(above, 1.0)
    return _in_order(low + span * value, *ends, level)


def difference_sequence(
    weight: Floats,
    reward: Floats,
    at: Floats,
    *,
    reward_range: tuple[float, float],
    level: float = 0.95,
) -> ConfidenceSequence:
    """The target's expected reward minus the logging policy's, valid for any sample size."""
    scaled, _, span = _scaled(weight, reward, at, reward_range)
    alpha = _alpha(level) / 2
    # (w - 1) r is at least -1, and (w - 1) (1 - r) has the mean of its negative, as E w = 1.
    below = 2.0 * _lower_sequence(((weight - 1.0) * scaled + 1.0) / 2.0, alpha) - 1.0
    above = 1.0 - 2.0 * _lower_sequence(((weight - 1.0) * (1.0 - scaled) + 1.0) / 2.0, alpha)
    total = np.maximum(np.cumsum(weight), 1e-300)
    rows = np.arange(1, len(weight) + 1)
    value = np.cumsum(weight * scaled) / total - np.cumsum(scaled) / rows
    return _in_order(
        span * value, span * np.maximum(below, -1.0), span * np.minimum(above, 1.0), level
    )


def asymptotic_sequence(
    values: Floats, at: Floats, *, level: float = 0.95, best_at: int = 1000
) -> ConfidenceSequence:
    """The mean of values without known bounds (EUR), valid at all later times in large samples.

    `values` are one row's share in an estimate: w r for ips, v + w (r - q) for dr (minus r for a
    difference to the logging policy). It is tightest around row `best_at`; before some hundred
    effective rows it promises nothing.
    """
    _check_order(at, len(values))
    alpha = _alpha(level)
    t = np.arange(1, len(values) + 1)
    mean = np.cumsum(values) / t
    variance = np.maximum(np.cumsum(np.square(values)) / t - mean**2, 0.0)
    rho2 = (-2 * np.log(alpha) + np.log(-2 * np.log(alpha) + 1)) / best_at
    grown = t * rho2 + 1
    reach = np.sqrt(variance * 2 * grown / (t**2 * rho2) * np.log(np.sqrt(grown) / alpha))
    reach[: min(len(t), 2)] = np.inf
    return ConfidenceSequence(mean, mean - reach, mean + reach, level)


def _lower_sequence(values: Floats, alpha: float) -> Floats:
    """Lower bounds of the mean of values ≥ 0 with mean ≤ 1, all of them right with 1 - alpha.

    exp(λ (x - μ) - ψ(λ) (x - x̂)²) with ψ(λ) = -log(1 - λ) - λ is a supermartingale's factor for
    every guess x̂ ≤ 1 and λ < 1 that only the past decides (Fan, Grama, Liu 2015; Howard et al.).
    """
    t = np.arange(1, len(values) + 1)
    mean = (0.5 + np.cumsum(values)) / (t + 1)
    guess = np.minimum(np.concatenate([[0.5], mean[:-1]]), 1.0)
    off = np.square(values - guess)
    variance = (0.25 + np.cumsum(off)) / (t + 1)
    known = np.concatenate([[0.25], variance[:-1]])
    bet = np.minimum(np.sqrt(2 * np.log(1 / alpha) / (known * t * np.log1p(t))), _BOLDEST)
    paid = np.log(1 / alpha) + np.cumsum(off * (-np.log1p(-bet) - bet))
    return np.asarray((np.cumsum(bet * values) - paid) / np.cumsum(bet))


def _scaled(
    weight: Floats, reward: Floats, at: Floats, reward_range: tuple[float, float]
) -> tuple[Floats, float, float]:
    """Rewards from 0 to 1, with the low end and the span of their range."""
    _check_order(at, len(reward))
    low, high = reward_range
    wrong = np.flatnonzero(~((reward >= low) & (reward <= high)))
    if len(wrong):
        raise InputError(
            f"reward[{wrong[0]}] is {reward[wrong[0]]}, outside the range {low:g} to {high:g} that "
            "was promised; give the range that rewards can have, or use asymptotic_sequence"
        )
    faulty = np.flatnonzero(~(np.isfinite(weight) & (weight >= 0)))
    if len(faulty):
        raise InputError(
            f"weight[{faulty[0]}] is {weight[faulty[0]]}; weights are finite and never negative"
        )
    return (reward - low) / (high - low), low, high - low


def _check_order(at: Floats, rows: int) -> None:
    if len(at) != rows:
        raise InputError(f"{len(at)} times were given for {rows} rows; every row needs one")
    back = np.flatnonzero(~(np.diff(at) >= 0))
    if len(back):
        raise InputError(
            f"row {back[0] + 1} is earlier than row {back[0]}; a confidence sequence reads the "
            "rows in the order of time: sort the log by its timestamp"
        )


def _alpha(level: float) -> float:
    if not 0.0 < level < 1.0:
        raise InputError(f"level is {level}; give the interval's coverage between 0 and 1")
    return 1.0 - level


def _in_order(value: Floats, low: Floats, high: Floats, level: float) -> ConfidenceSequence:
    return ConfidenceSequence(np.clip(value, low, np.maximum(low, high)), low, high, level)
