"""Handling times: mean by intent, spread of a contact, spread between employees.

Identified is the mean handling time, wrap-up included, of the contacts that were finished; the
service mean of the configuration follows once the wrap-up of the base configuration is taken off
and the conditions of service are divided out (`envs.calibration.conditions`). Sources: Brown et
al. 2005 (lognormal); Liang and Zeger 1986 (errors by cluster).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from envs.calibration.conditions import COMPLEXITY, conditions_of, handle_factor
from envs.calibration.contacts import Contacts
from envs.calibration.fitted import Fitted, Part
from envs.calibration.mix import true_intents
from envs.calibration.speed import (
    LEAST_PEOPLE,
    employee_days,
    error_clusters,
    speed_part,
    speed_tilt,
    spread_between,
    within_groups,
)
from envs.config import CentreConfig
from nba.types import Floats, Ints

_LEAST: Final = 200  # rows; a CV of 1.25 leaves 9 % of error on a mean of 200
_ROUNDS: Final = 20


@dataclass(frozen=True, slots=True)
class ServiceFit:
    """The fit and what its plot needs: residuals of log time, standardised."""

    part: Part
    residual: Floats  # (n,) standard normal if times are lognormal


def fit_service(contacts: Contacts, base: CentreConfig) -> ServiceFit:
    """Service means by intent, their CV, and the spread of employees' speed."""
    rows, notes = _rows(contacts)
    if len(rows) < _LEAST:
        reason = f"{len(rows)} handling times; {_LEAST} are needed"
        left = tuple((name, reason) for name in ("service_mean_s", "service_cv", "speed_sigma"))
        return ServiceFit(Part(left_out=left), np.zeros(0))
    intents = true_intents(rows, base)
    found = conditions_of(rows, base)
    factor = handle_factor(found, base)
    group = employee_days(rows)
    basis = _basis(rows, base)
    new = 1.0 + base.newcomer_share * (base.newcomer_speed - 1.0)
    sigma, tilt = base.speed_sigma, _usual_tilt(contacts, base.speed_sigma)
    for _ in range(2):  # the means need the spread of speed, which needs the means
        pace = float(np.exp(sigma**2 / 2.0 + tilt)) * new
        design = (intents * factor * pace) @ basis
        means = _means(design, rows.handle_s, base.wrap_up_s)
        expected = np.maximum(design @ means + base.wrap_up_s, 1.0)
        residual = np.log(rows.handle_s) - np.log(expected)
        scaled = float((1.0 - base.wrap_up_s / expected).mean())
        newcomers = base.newcomer_share * (1.0 - base.newcomer_share)
        newcomers *= np.log(base.newcomer_speed) ** 2
        between = spread_between(residual, group) / scaled**2 - newcomers
        sigma = float(np.sqrt(max(between, 0.0))) if group.max() > 0 else base.speed_sigma
        seen = speed_tilt(residual, group, rows.at)
        tilt = _usual_tilt(contacts, sigma) if np.isnan(seen) else seen / scaled
    latent = (
        _latent(intents, factor * pace, basis @ means, base)
        + np.square(COMPLEXITY * scaled) * found.unseen
    )
    cluster, told = error_clusters(residual, group, rows.employee)
    if (rows.employee < 0).all():
        latent = latent + np.square(base.speed_sigma * scaled)
        told = ("employees are not named: speed_sigma of the base is taken out of the CV",)
    part = Part(notes=(*notes, *told, *_told(base)))
    part += _mean_field(rows, design, basis, expected, means, cluster)
    part += _cv_field(residual, group, float(latent.mean()))
    part += speed_part(residual, group, cluster, scaled, sigma)
    within = within_groups(residual, group)
    return ServiceFit(part, within / max(within.std(), 1e-12))


def _rows(contacts: Contacts) -> tuple[Contacts, tuple[str, ...]]:
    """The rows whose conditions are known best: served at once by the employee who was named."""
    served = contacts.take(contacts.served)
    direct = served.take(served.idle)
    if len(direct) >= 5 * _LEAST:
        told = f"service is fitted on the {len(direct)} contacts that a free, named employee took"
        return direct, (f"{told}; the other {len(served) - len(direct)} do not tell who served",)
    named = served.take(served.employee >= 0)
    rows = named if len(named) >= 5 * _LEAST else served
    told = (
        "which conditions each contact was served under is not known: skill, language, occupancy "
        "and complexity are taken as average where absent, so service_mean_s holds for that average"
    )
    return rows, (told,)


def _told(base: CentreConfig) -> tuple[str, ...]:
    wrap_up = (
        f"wrap-up and service mean are one figure in the data; wrap_up_s {base.wrap_up_s:g} of "
        "the base is kept and taken off"
    )
    cut_off = (
        "contacts that the end of the day cut off have no handling time; long ones are a little "
        "under-represented"
    )
    chats = (
        f"chat_time_factor {base.chat_time_factor:g} and chat_slowdown {base.chat_slowdown:g} of "
        "the base are kept: lengths of chats are put down to them"
    )
    return wrap_up, cut_off, chats


def _usual_tilt(contacts: Contacts, sigma: float) -> float:
    """Mean log speed of whoever serves a contact, where it cannot be measured.

    Who is faster is free more often: with occupancy ρ an employee serves about speed^(−ρ) times
    as many contacts as an average one (a cycle is a contact and an idle time), which tilts the
    mean of lognormal speeds from exp(σ²/2) to exp(σ²/2 − ρσ²).
    """
    known = contacts.occupancy[contacts.human & ~np.isnan(contacts.occupancy)]
    return -float(known.mean() if len(known) else 0.0) * sigma**2


def _basis(rows: Contacts, base: CentreConfig) -> Floats:
    """What the means are made of, (I, k): each its own, or all of the base on one scale."""
    n_intents = len(base.service_mean_s)
    counts = np.bincount(rows.intent[rows.intent >= 0], minlength=n_intents)
    if counts.min() >= _LEAST // 4:
        return np.eye(n_intents)
    return np.array(base.service_mean_s)[:, None]


def _means(design: Floats, handle_s: Floats, wrap_up_s: float) -> Floats:
    """Weighted least squares of raw times on the design (n, k), weights 1 / mean²."""
    target = handle_s - wrap_up_s
    weight = np.ones(len(design))
    means = np.zeros(design.shape[1])
    for _ in range(_ROUNDS):
        normal = design.T @ (design * weight[:, None])
        means = np.linalg.pinv(normal) @ (design.T @ (target * weight))
        fitted = np.maximum(design @ means + wrap_up_s, 1.0)
        weight = 1.0 / np.square(fitted)
    return np.asarray(means)


def _mean_field(
    rows: Contacts, design: Floats, basis: Floats, expected: Floats, means: Floats, cluster: Ints
) -> Part:
    """The means with errors that let contacts of one employee go together."""
    if (means <= 0.0).any():
        reason = "a mean is below zero once the wrap-up is taken off; lower wrap_up_s of the base"
        return Part(left_out=(("service_mean_s", reason),))
    weight = 1.0 / np.square(expected)
    score = design * ((rows.handle_s - expected) * weight)[:, None]
    n_clusters = int(cluster.max()) + 1
    if n_clusters >= LEAST_PEOPLE:
        summed = np.stack([np.bincount(cluster, column) for column in score.T], axis=1)
        score = summed * np.sqrt(len(summed) / (len(summed) - 1))
    bread = np.linalg.pinv(design.T @ (design * weight[:, None]))
    spread = basis @ bread @ (score.T @ score) @ bread @ basis.T
    how = "mean handling time by true intent, less wrap-up, for an average employee and customer"
    n = len(rows)
    counts = np.bincount(rows.intent[rows.intent >= 0], minlength=len(basis))
    rows_of = tuple(counts.tolist())
    if basis.shape[1] == 1:
        how = f"the base's means on one scale, {means[0]:.3f}: intents are not known well enough"
        rows_of = (n,) * len(basis)
    values = tuple((basis @ means).tolist())
    errors = tuple(np.sqrt(np.diag(spread)).tolist())
    return Part((Fitted("service_mean_s", values, errors, rows_of, how),))


def _cv_field(residual: Floats, group: Ints, latent: float) -> Part:
    """CV of a contact's time, from log residuals within employees, less what is only unseen."""
    within = within_groups(residual, group)
    freedom = len(residual) - len(np.unique(group))
    square = float(np.square(within).sum() / freedom)
    error = float(np.sqrt(np.square(np.square(within) - square).sum()) / freedom)
    variance = max(square - latent, 1e-9)
    cv = float(np.sqrt(np.expm1(variance)))
    slope = np.exp(variance) / (2.0 * cv)
    how = "lognormal CV of a contact given employee, intent and complexity"
    return Part((Fitted("service_cv", cv, float(slope * error), len(residual), how),))


def _latent(intents: Floats, factor: Floats, mean_s: Floats, base: CentreConfig) -> Floats:
    """Variance of log expected time that comes from not knowing the intent, (n,)."""
    log_mean = np.log(np.maximum(mean_s * factor + base.wrap_up_s, 1e-9))
    centre = (intents * log_mean).sum(axis=1)
    return np.asarray((intents * np.square(log_mean - centre[:, None])).sum(axis=1))
