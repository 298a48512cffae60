"""What a treatment did for those who got it, from a log in which no propensity was written.

The untreated are reweighted by their estimated odds until they look like the treated, and a model
of their outcome corrects what is left; where they cannot be made to look alike, the log is refused.
Sources: Robins, Rotnitzky, Zhao 1994; Hirano, Imbens, Ridder 2003 (odds weights); Austin 2009
(standardised differences); Chernozhukov et al. 2018 (cross-fitting).
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from nba.errors import InputError
from nba.evaluate.buckets import N_BUCKETS, Buckets32, unit_buckets
from nba.evaluate.diagnostics import effective_sample_size, max_weight_share
from nba.evaluate.intervals import delta_error, delta_interval
from nba.evaluate.propensity import (
    FLOOR,
    FOLDS,
    RIDGE,
    mark_estimated,
    multinomial_propensities,
)
from nba.evaluate.sensitivity import Band, odds_weights, robust_gamma, sensitivity_band
from nba.listen.units import unit_parts
from nba.types import Bools, Estimate, Floats, Ints, Texts

MIN_ESS: Final = 50.0  # of the untreated's weights
MOST_WEIGHT: Final = 0.05  # of all weight in one row
MOST_IMBALANCE: Final = 0.1  # standard deviations between the groups' means (Austin 2009)
MOST_TRIMMED: Final = 0.5  # of the treated


@dataclass(frozen=True, slots=True)
class TreatedEffect:
    """The effect on the treated, why it may not be believed, and what a hidden cause could do."""

    estimate: Estimate
    refusals: tuple[str, ...]  # empty if the log carries the estimate
    bands: tuple[Band, ...]
    robust_gamma: float  # the Γ up to which the effect's sign stands; 0 if luck alone explains it


def effect_on_treated(
    features: Floats,
    treated: Ints,
    outcome: Floats,
    unit: Texts,
    *,
    level: float = 0.95,
    ridge: float = RIDGE,
    gammas: tuple[float, ...] = (1.0, 1.25, 1.5, 2.0),
) -> TreatedEffect:
    """The mean effect on rows with treated = 1, in the outcome's unit, doubly robust.

    `features` (n, d) are all that was known before; columns may be powers and products of others.
    Treated rows whose like is hardly found untreated are left out and counted. Raises InputError
    naming a row that cannot be used.
    """
    _check(features, treated, outcome)
    propensities = multinomial_propensities(features, treated, unit, n_actions=2, ridge=ridge)
    told = propensities.probabilities.reshape(-1, 2)
    kept = told[:, 0] >= FLOOR
    odds = np.where(kept & (treated == 0), told[:, 1] / np.maximum(told[:, 0], FLOOR), 0.0)
    ours = kept & (treated == 1)
    error = outcome - _untreated_outcome(features, treated, outcome, unit)
    bucket = unit_buckets(unit)
    estimate = _estimate(error, ours, odds, bucket, level)
    estimate = replace(
        estimate,
        diagnostics={
            **estimate.diagnostics,
            "trimmed": 1.0 - float(ours.sum() / (treated == 1).sum()),
            "imbalance": imbalance(features, ours, odds),
        },
    )
    sign = 1.0 if estimate.value >= 0 else -1.0

    def band(gamma: float) -> Band:
        return _band(sign * error, ours, odds, bucket, gamma, level)

    return TreatedEffect(
        mark_estimated(estimate, propensities),
        _refusals(estimate),
        tuple(_band(error, ours, odds, bucket, gamma, level) for gamma in gammas),
        robust_gamma(band, 0.0),
    )


def imbalance(features: Floats, treated: Bools, weight: Floats) -> float:
    """The largest difference of a feature's weighted means, in the treated's standard deviations.

    >>> x = np.array([[0.0], [1.0], [0.0], [1.0]])
    >>> imbalance(x, np.array([True, True, False, False]), np.array([0.0, 0.0, 1.0, 1.0]))
    0.0
    """
    if weight.sum() <= 0 or not treated.any():
        return float("inf")
    mine = features[treated].mean(axis=0)
    theirs = weight @ features / weight.sum()
    spread = features[treated].std(axis=0)
    off = np.abs(mine - theirs) / np.where(spread > 0, spread, np.inf)
    return float(off.max())


def _estimate(
    error: Floats, ours: Bools, odds: Floats, bucket: Buckets32, level: float
) -> Estimate:
    n, weight = float(ours.sum()), float(odds.sum())
    if n == 0 or weight <= 0:
        raise InputError("no treated row has its like among the untreated; the groups do not meet")
    mine, theirs = float(error[ours].mean()), float(odds @ error / weight)
    rows = ours * (error - mine) / n - odds * (error - theirs) / weight
    used = ours | (odds > 0)
    filled = np.bincount(bucket[used], minlength=N_BUCKETS) > 0
    influence = np.bincount(bucket, rows, minlength=N_BUCKETS)[filled].astype(np.float64)
    interval = delta_interval(mine - theirs, influence, level=level)
    return Estimate(
        value=mine - theirs,
        std_error=delta_error(influence),
        low=interval.low,
        high=interval.high,
        ess=effective_sample_size(weight, float(np.square(odds).sum())),
        method="effect-on-treated",
        level=level,
        diagnostics={
            "rows": float(used.sum()),
            "treated": n,
            "unit_buckets": float(filled.sum()),
            "max_weight_share": max_weight_share(float(odds.max()), weight),
        },
    )


def _untreated_outcome(features: Floats, treated: Ints, outcome: Floats, unit: Texts) -> Floats:
    """The outcome that an untreated row would have, (n,), by ridge models of other units."""
    scaled = (features - features.mean(axis=0)) / np.maximum(features.std(axis=0), 1e-9)
    terms = np.concatenate([np.ones((len(scaled), 1)), scaled], axis=1)
    penalty = np.diag([0.0, *[RIDGE] * features.shape[1]])
    fold = unit_parts(unit, FOLDS, purpose="outcome")
    told = np.empty(len(outcome))
    for k in range(FOLDS):
        z = terms[(fold != k) & (treated == 0)]
        y = outcome[(fold != k) & (treated == 0)]
        told[fold == k] = terms[fold == k] @ np.linalg.lstsq(z.T @ z + penalty, z.T @ y)[0]
    return told


def _band(
    error: Floats, ours: Bools, odds: Floats, bucket: Buckets32, gamma: float, level: float
) -> Band:
    """Treated mean minus the untreated's weighted mean, as a band of the latter turned around."""
    rows = ours | (odds > 0)
    share = float(ours[rows].mean())
    weights = odds_weights(odds[rows], gamma)
    return sensitivity_band(
        -error[rows], weights, bucket[rows], plus=(ours * error)[rows] / share, level=level
    )


def _refusals(estimate: Estimate) -> tuple[str, ...]:
    seen = estimate.diagnostics
    found = []
    if estimate.ess < MIN_ESS:
        found.append(
            f"the untreated that look like the treated are worth {estimate.ess:.0f} rows; "
            f"{MIN_ESS:.0f} are needed"
        )
    if seen["max_weight_share"] > MOST_WEIGHT:
        found.append(f"one untreated row holds {seen['max_weight_share']:.1%} of the weight")
    if seen["imbalance"] > MOST_IMBALANCE:
        found.append(
            f"after weighting the groups differ by {seen['imbalance']:.2f} standard deviations in "
            f"some feature; at most {MOST_IMBALANCE:g} is allowed: describe the choice better"
        )
    if seen["trimmed"] > MOST_TRIMMED:
        found.append(f"{seen['trimmed']:.0%} of the treated have no like among the untreated")
    return tuple(found)


def _check(features: Floats, treated: Ints, outcome: Floats) -> None:
    if not len(features) == len(treated) == len(outcome):
        raise InputError(
            f"{len(features)} rows of features, {len(treated)} of treated and {len(outcome)} of "
            "outcome were given; one of each per row is needed"
        )
    for name, wrong in (
        ("treated", ~np.isin(treated, (0, 1))),
        ("outcome", ~np.isfinite(outcome)),
    ):
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            value = treated[row] if name == "treated" else outcome[row]
            raise InputError(
                f"{name}[{row}] is {value}; "
                + ("0 or 1 is needed" if name == "treated" else "a finite number is needed")
            )
