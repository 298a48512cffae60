"""Is the target better? The paired difference to a baseline on the same rows.

What both share (a customer's mood, the day) cancels, so the interval is that of the difference
and not of two values.
"""

from dataclasses import replace

import numpy as np

from nba.errors import InputError
from nba.evaluate.estimand import COLUMNS, PLACE, Estimand
from nba.evaluate.stats import (
    Statistics,
    diagnose,
    linearise,
    make_estimate,
    rewards_are_silent,
    small_sample_interval,
)
from nba.types import Estimate


def logging_statistics(policy: Statistics) -> Statistics:
    """The sums of the logging policy itself on the same rows: every weight is 1.

    Any estimator of it is the mean reward.
    """
    base = {"w": "n", "wr": "r", "wq": "q", "v": "q", "clip": "r", "subgaussian": "r"}
    sources = [base.get(name.partition("[")[0], name) for name in COLUMNS]
    places = [PLACE.get(name, PLACE["r"]) for name in sources]
    buckets = policy.buckets[:, places]
    for name in COLUMNS:  # a weight of 1 is not shrunk: what is left is the error of the model
        if name.startswith(("switch", "dros")):
            buckets[:, PLACE[name]] = policy.buckets[:, PLACE["r"]] - policy.buckets[:, PLACE["q"]]
    return replace(
        policy,
        buckets=buckets,
        weight_squares=float(buckets[:, 0].sum()),
        weight_range=(1.0, 1.0),
    )


def difference(
    policy: Statistics,
    estimand: Estimand,
    *,
    baseline: Statistics | None = None,
    level: float = 0.95,
) -> Estimate:
    """Policy minus baseline in EUR per decision; without a baseline, minus the logging policy.

    Both sums must be of the same rows, else InputError. The diagnostics are the policy's.
    """
    other = logging_statistics(policy) if baseline is None else baseline
    if not np.array_equal(policy.buckets[:, 0], other.buckets[:, 0]):
        raise InputError(
            f"the policy's sums are of {policy.total('n'):g} rows and the baseline's of others "
            f"({other.total('n'):g}); update both with the same logs"
        )
    mine, theirs = linearise(policy, estimand), linearise(other, estimand)
    return make_estimate(
        estimand,
        value=mine.value - theirs.value,
        influence=mine.influence - theirs.influence,
        ess=min(policy.ess, other.ess) if estimand.weighted else policy.total("n"),
        level=level,
        diagnostics=diagnose(policy),
        small=small_sample_interval(policy, other, estimand, level=level),
        silent=rewards_are_silent(policy, estimand),
    )
