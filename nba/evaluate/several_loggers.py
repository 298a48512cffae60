"""A log that several policies wrote: each row weighted by all of them, or each part by its worth.

Sources: Agarwal, Basu, Schnabel, Joachims 2017 (balanced and weighted IPS); Kallus, Saito, Uehara
2021 (the same weights are efficient in a doubly robust estimate).
"""

from collections.abc import Mapping

import numpy as np

from nba.errors import InputError
from nba.evaluate.check import validate_target
from nba.evaluate.estimand import Estimand
from nba.evaluate.intervals import delta_error, delta_interval, tail_size
from nba.evaluate.stats import Statistics, diagnose, linearise
from nba.listen.blocks import chosen_flat
from nba.types import DecisionLog, Estimate, Floats


def balanced_weights(
    log: DecisionLog,
    target: Floats,
    propensities: Mapping[str, Floats],
    *,
    shares: Mapping[str, float] | None = None,
) -> Floats:
    """Target over the loggers' mixture, (n,): give it to `Statistics.update` as `weight`.

    `propensities` holds, by policy version, that policy's probability (n,) of every logged action,
    also of the rows that others wrote. `shares` are the policies' shares of all rows (of a larger
    log that this one is a part of). No row weighs more than under its own logger alone, times one
    over that logger's share. Raises InputError naming what is missing or does not fit.
    """
    validate_target(log, target)
    versions = log.policy_version.astype(str)
    names, counts = np.unique(versions, return_counts=True)
    mixture = np.zeros(len(log))
    given = dict(zip(names.tolist(), (counts / len(log)).tolist(), strict=True))
    for name, share in (given if shares is None else shares).items():
        if name not in propensities:
            raise InputError(
                f"policy version {name!r} wrote rows and has no propensities; give its probability "
                "of every logged action, or weight each row by its own propensity (ips)"
            )
        own = propensities[name]
        _check_own(log, name, own, versions == name)
        mixture += share * own
    return np.asarray(target[chosen_flat(log)] / mixture)


def weighted_loggers(
    parts: Mapping[str, Statistics], estimand: Estimand, *, level: float = 0.95
) -> Estimate:
    """The loggers' estimates averaged by their effective sample sizes, from the sums of each part.

    With mean weight 1 that is weighting by rows over the mean squared weight, the divergence of
    the target from each logger. Parts in which the target never did what was logged count nothing.
    The interval is the delta method's at any effective sample size; at small ones prefer balanced
    weights, whose estimates have Cressie–Read's.
    """
    if not parts:
        raise InputError("no sums of any logger are given; make some per policy version")
    ess = {name: part.ess for name, part in parts.items() if part.total("n") > 0}
    total = sum(ess.values())
    value, influence = 0.0, np.zeros(len(next(iter(parts.values())).buckets))
    for name, size in ess.items():
        share = size / total if total > 0 else 1.0 / len(ess)
        mine = linearise(parts[name], estimand)
        value += share * mine.value
        # A customer may stand in several parts: errors add up bucket by bucket.
        influence[parts[name].buckets[:, 0] > 0] += share * mine.influence
    whole = Statistics()
    for part in parts.values():
        whole.merge(part)
    influence = influence[whole.buckets[:, 0] > 0]
    interval = delta_interval(value, influence, level=level)
    return Estimate(
        value=value,
        std_error=delta_error(influence),
        low=interval.low,
        high=interval.high,
        ess=total,
        method=f"weighted-{estimand.name}",
        level=level,
        diagnostics={
            **diagnose(whole),
            "loggers": float(len(parts)),
            "cressie_read": 0.0,
            "tail_size": tail_size(influence),
        },
    )


def _check_own(
    log: DecisionLog, name: str, propensity: Floats, own: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> None:
    if propensity.shape != (len(log),):
        raise InputError(
            f"propensities of {name!r} have shape {propensity.shape}; the log has {len(log)} rows"
        )
    if not (np.isfinite(propensity) & (propensity >= 0) & (propensity <= 1 + 1e-9)).all():
        row = int(np.flatnonzero(~((propensity >= 0) & (propensity <= 1 + 1e-9)))[0])
        raise InputError(
            f"propensity of {name!r} in row {row} is {propensity[row]:.3g}; a probability is needed"
        )
    off = own & (np.abs(propensity - log.propensity) > 1e-6)
    if off.any():
        row = int(np.flatnonzero(off)[0])
        raise InputError(
            f"row {row} was logged by {name!r} with propensity {log.propensity[row]:.6g} and "
            f"{propensity[row]:.6g} is given for it; give the probabilities of that very policy"
        )
