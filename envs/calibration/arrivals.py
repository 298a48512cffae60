"""Arrivals: profile by hour, weekday factors, day-to-day spread and dispersion within a slot.

The simulator draws counts with mean rate(hour) × weekday × day factor and variance/mean φ given
these (`envs.arrivals`), so a slot's variance/mean on one weekday is φ + mean · CV². Sources:
Oreshkin, Regnard and L'Ecuyer 2016 (busyness factors); Jongbloed and Koole 2001 (over-dispersion);
the residual is Pearson's (McCullagh and Nelder 1989, 6.2.2).
"""

import numpy as np

from envs.calibration.counts import WORKING_DAYS, SlotCounts
from envs.calibration.fitted import Fitted, Part
from nba.errors import InputError
from nba.types import Floats

_LEAST_DAYS = 10  # for the spread of days


def dispersion_figures(table: SlotCounts) -> dict[str, float]:
    """The figures by which arrival models are compared; a plain Poisson process has 1 in the last.

    `daily_cv`: of the days' totals. `cell_ratio`: median over (weekday, slot) cells of variance
    over mean; `cell_ratio_mean`: their mean. `residual_ratio`: mean over all slots of squared
    residual over expectation, the expectation being day total × share of the slot.
    """
    totals = table.counts.sum(axis=1)
    cells = _cell_ratios(table)
    expected = _expected(table.counts)
    residual = np.square(table.counts - expected) / np.maximum(expected, 1e-12)
    return {
        "daily_cv": float(totals.std(ddof=1) / totals.mean()),
        "cell_ratio": float(np.median(cells)),
        "cell_ratio_mean": float(cells.mean()),
        "residual_ratio": float(residual[expected > 0.0].mean()),
    }


def fit_arrivals(table: SlotCounts) -> Part:
    """Size, hours, profile, weekday factors, day CV and dispersion of the arrivals of a table."""
    if table.counts.sum() <= 0.0:
        raise InputError("no arrival on a working day; nothing of the arrivals can be fitted")
    part = _size(table) + _profile(table) + _weekdays(table)
    if len(table.counts) < _LEAST_DAYS:
        reason = f"{len(table.counts)} days; {_LEAST_DAYS} are needed"
        return part + Part(left_out=(("day_cv", reason), ("dispersion", reason)))
    return part + _spread(table)


def _size(table: SlotCounts) -> Part:
    totals = table.counts.sum(axis=1)
    error = np.sqrt(_within(table, totals) / len(totals))
    notes: tuple[str, ...] = ()
    if table.left_out:
        notes = (
            (
                f"{table.left_out} arrivals at weekends or outside the opening hours are left out: "
                "the simulated week has five days of the same hours"
            ),
        )
    n = len(totals)
    return Part(
        (
            Fitted(
                "contacts_per_day",
                float(totals.mean()),
                float(error),
                n,
                "mean of the days' totals",
            ),
            Fitted("open_hour", table.open_hour, 0.0, n, "start of the first busy hour"),
            Fitted("profile_hours", table.hours, 0.0, n, "to the end of the last slot in use"),
        ),
        notes=notes,
    )


def _profile(table: SlotCounts) -> Part:
    """Mean arrivals of a slot, by hour; errors from the spread of the days' shares of the hour."""
    n_days, n_slots = table.counts.shape
    edges = np.arange(0, n_slots, round(3600.0 / table.slot_s))
    hourly = np.add.reduceat(table.counts, edges, axis=1) / np.diff(np.append(edges, n_slots))
    totals = table.counts.sum(axis=1)
    mean = hourly.mean(axis=0)
    # Day factors move all hours together and are no error of the profile's shape.
    off = hourly - mean * (totals / totals.mean())[:, None]
    error = np.sqrt(np.square(off).sum(axis=0) / max(n_days - 1, 1) / n_days)
    how = "mean arrivals of a slot of the hour; errors are of its shape"
    rows = tuple(int(n) for n in np.add.reduceat(table.counts, edges, axis=1).sum(axis=0))
    return Part((Fitted("profile", tuple(mean.tolist()), tuple(error.tolist()), rows, how),))


def _weekdays(table: SlotCounts) -> Part:
    totals = table.counts.sum(axis=1)
    n = np.bincount(table.weekday, minlength=WORKING_DAYS)
    if n.min() < 2:
        missing = int(np.argmin(n))
        reason = f"weekday {missing} (0 = Monday) has {n[missing]} days; two of each are needed"
        return Part(left_out=(("weekday_factors", reason),))
    factor = np.bincount(table.weekday, totals) / n / totals.mean()
    day_variance = _within(table, totals) / totals.mean() ** 2
    # A factor is a mean over its own days divided by the mean over all days.
    error = np.sqrt(day_variance * (1.0 / n) * np.abs(1.0 - n * factor / n.sum()))
    how = "mean of the weekday's totals over the mean of all days"
    return Part(
        (
            Fitted(
                "weekday_factors",
                tuple(factor.tolist()),
                tuple(error.tolist()),
                tuple(n.tolist()),
                how,
            ),
        )
    )


def _spread(table: SlotCounts) -> Part:
    """The day factor's CV and the variance/mean of a slot given the day.

    The simulator has one profile for all weekdays. Where weekdays have profiles of their own, that
    variance can only be carried by the slots, so it is taken out of the day factor: a slot's
    variance as a whole stays as measured.
    """
    n_days, n_slots = table.counts.shape
    totals = table.counts.sum(axis=1)
    freedom = (n_days - 1) * (n_slots - 1)
    phi = _pearson(table.counts) / freedom
    groups = [table.counts[table.weekday == w] for w in np.unique(table.weekday)]
    own = sum(_pearson(g) for g in groups) / sum((len(g) - 1) * (n_slots - 1) for g in groups)
    interaction = _interaction(phi, own, freedom, (len(groups) - 1) * (n_slots - 1))
    of_totals = _within(table, totals / _weekday_means(table)) - phi / totals.mean()
    mean_slot = table.counts.mean()
    squared = of_totals - interaction / mean_slot
    noise = np.sqrt(2.0 / (n_days - len(groups))) * (max(of_totals, 0.0) + phi / totals.mean())
    value = float(np.sqrt(max(squared, 0.0)))
    error = noise / (2.0 * value) if value**2 > noise else np.sqrt(noise)
    notes: tuple[str, ...] = ()
    if interaction > 0.0:
        notes = (
            (
                f"weekdays have profiles of their own: with those taken out, variance/mean is "
                f"{own:.2f} and the days' CV {np.sqrt(max(of_totals, 0.0)):.4f}. The simulator has "
                f"one profile, so dispersion {phi:.2f} carries the difference and day_cv is "
                f"{value:.4f}"
            ),
        )
    return Part(
        (
            Fitted("day_cv", value, float(error), n_days, "CV of day totals within a weekday"),
            Fitted(
                "dispersion",
                max(phi, 1.0),
                float(_residual_error(table.counts, freedom)),
                n_days * n_slots,
                "variance/mean of a slot given day total and slot share (Pearson, over its "
                "degrees of freedom)",
            ),
        ),
        notes=notes,
        figures=(
            ("dispersion_own_profiles", float(own)),
            ("day_cv_of_totals", float(np.sqrt(max(of_totals, 0.0)))),
            *dispersion_figures(table).items(),
        ),
    )


def _interaction(phi: float, own: float, freedom: int, lost: int) -> float:
    """The part of φ that weekdays' own profiles explain; 0 if they explain it by chance."""
    if lost <= 0:
        return 0.0
    # F ratio of the freedoms lost against those left; its normal form is good enough at hundreds.
    ratio = (phi * freedom - own * (freedom - lost)) / (lost * own)
    z = (ratio - 1.0) / np.sqrt(2.0 / lost + 2.0 / max(freedom - lost, 1))
    return float(phi - own) if z > 4.0 else 0.0


def _pearson(counts: Floats) -> float:
    expected = _expected(counts)
    return float((np.square(counts - expected) / np.maximum(expected, 1e-12)).sum())


def _residual_error(counts: Floats, freedom: int) -> float:
    """Error of the dispersion from the spread of its days' contributions."""
    expected = _expected(counts)
    daily = (np.square(counts - expected) / np.maximum(expected, 1e-12)).sum(axis=1)
    return float(daily.std(ddof=1) * np.sqrt(len(daily)) / freedom)


def _expected(counts: Floats) -> Floats:
    """Day total × share of the slot, (days, slots)."""
    total = counts.sum()
    return np.asarray(counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / max(total, 1e-12))


def _cell_ratios(table: SlotCounts) -> Floats:
    """Variance over mean of each weekday and slot, over the weekday's days."""
    ratios = []
    for weekday in np.unique(table.weekday):
        cell = table.counts[table.weekday == weekday]
        if len(cell) > 1:
            mean = cell.mean(axis=0)
            ratios.append((cell.var(axis=0, ddof=1) / np.maximum(mean, 1e-12))[mean > 0.0])
    return np.concatenate(ratios) if ratios else np.full(1, np.nan)


def _weekday_means(table: SlotCounts) -> Floats:
    """The mean total of each day's weekday, (days,)."""
    totals = table.counts.sum(axis=1)
    n = np.bincount(table.weekday)
    return np.asarray((np.bincount(table.weekday, totals) / np.maximum(n, 1))[table.weekday])


def _within(table: SlotCounts, values: Floats) -> float:
    """Variance of a figure per day within its weekday, pooled over weekdays."""
    n = np.bincount(table.weekday)
    mean = (np.bincount(table.weekday, values) / np.maximum(n, 1))[table.weekday]
    return float(np.square(values - mean).sum() / max(len(values) - (n > 0).sum(), 1))
