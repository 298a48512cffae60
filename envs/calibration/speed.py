"""Employees' speeds: how far they spread, and whether the same people stay fast.

Sources: Searle, Casella and McCulloch 1992, 3.6 (one-way random effects, unequal sizes); Ibrahim,
L'Ecuyer, Shen and Thiongane 2016 (employees differ, and from day to day).
"""

from typing import Final

import numpy as np

from envs.calibration.contacts import DAY_S, Contacts
from envs.calibration.fitted import Fitted, Part, jackknife_error
from nba.types import Floats, Ints

LEAST_PEOPLE: Final = 8
_BLOCKS: Final = 40  # of clusters, for errors by leaving one block out


def speed_part(residual: Floats, group: Ints, cluster: Ints, scaled: float, sigma: float) -> Part:
    """The spread of log speed, with the error of leaving out employees."""
    n_clusters = int(cluster.max()) + 1
    if n_clusters < LEAST_PEOPLE:
        reason = f"{n_clusters} employees are told apart; {LEAST_PEOPLE} are needed"
        return Part(left_out=(("speed_sigma", reason),))

    def variance(kept: Floats) -> Floats:
        rows = kept > 0.0
        return np.atleast_1d(spread_between(residual[rows], group[rows]) / scaled**2)

    noise = float(jackknife_error(cluster % _BLOCKS, variance)[0])
    error = noise / (2.0 * sigma) if sigma**2 > noise else np.sqrt(noise)
    how = "sd of log speed between employees on a day; the noise of their few contacts is removed"
    return Part((Fitted("speed_sigma", sigma, float(error), n_clusters, how),))


def speed_tilt(residual: Floats, group: Ints, at: Floats) -> float:
    """Mean log speed over contacts less that over employees: the fast serve more, and count more.

    A long contact leaves time for fewer, whoever serves it. So employees are weighted by their
    contacts in one half of the day and their speed is taken from the other. NaN for few employees.
    """
    clock = at % DAY_S
    late = (clock > np.median(clock)).astype(np.int64)
    n_groups = int(group.max()) + 1
    cell = group + n_groups * late
    count = np.bincount(cell, minlength=2 * n_groups).reshape(2, -1)
    mean = np.bincount(cell, residual, 2 * n_groups).reshape(2, -1) / np.maximum(count, 1)
    both = (count > 0).all(axis=0)
    if both.sum() < LEAST_PEOPLE:
        return float("nan")
    weight = count[::-1, both] / count[::-1, both].sum(axis=1, keepdims=True)
    return float(((weight - 1.0 / both.sum()) * mean[:, both]).sum() / 2.0)


def error_clusters(residual: Floats, group: Ints, employee: Ints) -> tuple[Ints, tuple[str, ...]]:
    """What errors go together by: the employee if speeds persist from day to day, else the day.

    A log of simulated days draws a new roster for each, so the same name is another person.
    """
    size = np.bincount(group)
    effect = np.bincount(group, residual) / size
    person = np.zeros(len(size), dtype=np.int64)
    person[group] = employee
    names, codes = np.unique(employee, return_inverse=True)
    days = np.bincount(np.unique(person, return_inverse=True)[1])
    if days.max() == 1 or (employee < 0).any():
        return group, ()
    lasting, whole = spread_between(effect, person), spread_between(residual, group)
    share = max(lasting, 0.0) / max(whole, 1e-12)
    if share < 0.5:
        told = "employees' speeds do not last from day to day: each employee's day counts as one"
        return group, (told,)
    told = (
        f"{min(share, 1.0):.0%} of the variance of speed lasts: errors are by {len(names)} people"
    )
    return codes.astype(np.int64), (told,)


def spread_between(residual: Floats, group: Ints) -> float:
    """Variance of the employees' effects (one-way random effects, unequal sizes)."""
    codes, sizes = np.unique(group, return_inverse=True, return_counts=True)[1:]
    means = np.bincount(codes, residual) / sizes
    n, k = len(residual), len(sizes)
    if k < 2 or n <= k:
        return 0.0
    within = np.square(residual - means[codes]).sum() / (n - k)
    between = (sizes * np.square(means - residual.mean())).sum() / (k - 1)
    typical = (n - np.square(sizes).sum() / n) / (k - 1)
    return float((between - within) / typical)


def employee_days(rows: Contacts) -> Ints:
    """A code for each employee's day, (n,); rows without a name are one group."""
    days = rows.day - rows.day.min()
    group = np.where(rows.employee >= 0, rows.employee * (days.max() + 1) + days, -1)
    return np.unique(group, return_inverse=True)[1].astype(np.int64)


def within_groups(residual: Floats, group: Ints) -> Floats:
    """Residuals less the mean of their group, (n,)."""
    sizes = np.bincount(group)
    means = np.bincount(group, residual) / np.maximum(sizes, 1)
    return np.asarray(residual - means[group])
