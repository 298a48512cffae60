"""Fitted against measured, one figure per idea of the calibration."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes

from envs.calibration.counts import SlotCounts
from envs.calibration.fit import Calibration
from envs.calibration.patience import PatienceFit, Survival, survival
from experiments.plots import ACCENT, INK, REST, as_svg, canvas, figure_style
from nba.types import Floats

_CHAT: Final = "#009e73"
_BINS: Final = 12  # of predicted probability
_POINTS: Final = 300  # of a curve


def arrival_profile(found: Calibration) -> str:
    """Arrivals of every day by time of day, their mean, and the fitted profile."""
    table = found.arrivals
    hours = table.open_hour + np.arange(table.counts.shape[1]) * table.slot_s / 3600.0
    rates = found.config.rates * table.slot_s
    factor = float(np.mean(found.config.weekday_factors))
    fitted = rates[np.minimum(((hours - table.open_hour) + 1e-9).astype(int), len(rates) - 1)]
    with style.context(figure_style("profile")):
        figure, axes = canvas(3.0)
        low, high = np.quantile(table.counts, [0.05, 0.95], axis=0)
        axes.fill_between(
            hours, low, high, color=REST, alpha=0.25, linewidth=0, label="9 of 10 days"
        )
        axes.plot(hours, table.counts.mean(axis=0), ".", color=REST, label="mean of the days")
        axes.step(hours, fitted * factor, where="post", color=ACCENT, linewidth=2.0, label="fitted")
        _told(axes, "hour of the day", f"arrivals in {table.slot_s / 60:.0f} min")
        return as_svg(figure)


def dispersion(found: Calibration) -> str:
    """Variance against mean of every (weekday, slot); the fit, and a plain Poisson process."""
    table = found.arrivals
    mean, variance = _cells(table)
    grid = np.linspace(max(mean.min(), 0.1), mean.max(), 100)
    fitted = grid * found.config.dispersion + np.square(grid * found.config.day_cv)
    with style.context(figure_style("dispersion")):
        figure, axes = canvas(3.0)
        axes.plot(mean, variance, ".", color=REST, markersize=3.0, label="weekday and slot")
        axes.plot(grid, fitted, color=ACCENT, linewidth=2.0, label="fitted")
        axes.plot(grid, grid, color=INK, linewidth=1.0, linestyle="--", label="Poisson")
        axes.set_ylim(0.0, max(float(np.quantile(variance, 0.99)) * 1.1, 1.0))
        _told(axes, "mean arrivals", "variance over days")
        return as_svg(figure)


def service_times(residual: Floats) -> str:
    """Quantiles of standardised log handling times against the normal's (a QQ plot)."""
    from scipy.special import ndtri  # type: ignore[import-untyped]  # scipy ships no types

    p = (np.arange(1, 400) - 0.5) / 399.0
    with style.context(figure_style("service")):
        figure, axes = canvas(3.0)
        theory = ndtri(p)
        axes.plot(theory, theory, color=ACCENT, linewidth=2.0, label="lognormal")
        axes.plot(theory, np.quantile(residual, p), ".", color=REST, markersize=4.0, label="data")
        _told(axes, "standard normal quantile", "log handling time, standardised")
        return as_svg(figure)


def patience(fit: PatienceFit) -> str:
    """Share of customers still patient: Kaplan–Meier with its 95 % band, and the fit."""
    with style.context(figure_style("patience")):
        figure, axes = canvas(3.2)
        shown = _well_seen(fit)
        for (name, curve), colour in zip(shown, (ACCENT, _CHAT), strict=False):
            enough = np.flatnonzero(curve.at_risk >= 20)
            time_s = np.linspace(curve.time_s[0], curve.time_s[enough[-1]], _POINTS)
            seen = np.searchsorted(curve.time_s, time_s, side="right") - 1
            share, band = curve.share[seen], 1.96 * curve.std_error[seen]
            axes.fill_between(
                time_s,
                share - band,
                share + band,
                step="post",
                color=colour,
                alpha=0.2,
                linewidth=0,
            )
            axes.step(time_s, share, where="post", color=colour, linewidth=1.0, label=name)
            chat = np.full(len(time_s), 1.0 if name == "chat" else 0.0)
            axes.plot(
                time_s, survival(fit.parameters, time_s, chat), "--", color=INK, linewidth=1.4,
                label="fitted" if name == shown[-1][0] else None,
            )  # fmt: skip
        _told(axes, "seconds waited", "share still patient")
        return as_svg(figure)


def resolution(predicted: Floats, resolved: Floats) -> str:
    """Observed share resolved against the predicted probability, in bins of equal size."""
    order = np.argsort(predicted)
    bins = [part for part in np.array_split(order, _BINS) if len(part)]
    x = np.array([predicted[part].mean() for part in bins])
    y = np.array([resolved[part].mean() for part in bins])
    error = 1.96 * np.sqrt(y * (1.0 - y) / np.array([len(part) for part in bins]))
    with style.context(figure_style("resolution")):
        figure, axes = canvas(3.0)
        edges = [min(x.min(), y.min()), max(x.max(), y.max())]
        axes.plot(edges, edges, color=ACCENT, linewidth=2.0, label="as predicted")
        axes.errorbar(x, y, error, fmt="o", color=REST, markersize=4.0, label="observed, 95 %")
        _told(axes, "predicted probability of resolution", "share resolved")
        return as_svg(figure)


def figures_of(found: Calibration) -> Sequence[tuple[str, str, str]]:
    """Title, SVG and caption of every figure that the data allow."""
    drawn = [
        ("Arrivals", arrival_profile(found), "Mean arrivals by time of day."),
        (
            "Dispersion",
            dispersion(found),
            "Points above the dashed line vary more than a Poisson process does.",
        ),
    ]
    if found.service is not None and len(found.service.residual):
        told = "Within employees; a straight line is a lognormal distribution."
        drawn.append(("Handling times", service_times(found.service.residual), told))
    if found.patience is not None and _well_seen(found.patience):
        told = "Answered customers count as patient up to their wait."
        drawn.append(("Patience", patience(found.patience), told))
    if found.resolution is not None and len(found.resolution.predicted):
        told = "Served contacts; only the level is fitted, the slopes are the base's."
        svg = resolution(found.resolution.predicted, found.resolution.resolved)
        drawn.append(("Resolution", svg, told))
    return drawn


def _well_seen(fit: PatienceFit) -> list[tuple[str, Survival]]:
    """The channels' curves that begin with twenty customers or more."""
    return [(name, curve) for name, curve in fit.curves if curve.at_risk[0] >= 20]


def _cells(table: SlotCounts) -> tuple[Floats, Floats]:
    groups = [table.counts[table.weekday == w] for w in np.unique(table.weekday)]
    groups = [g for g in groups if len(g) > 1] or [table.counts]
    mean = np.concatenate([g.mean(axis=0) for g in groups])
    return mean, np.concatenate([g.var(axis=0, ddof=1) for g in groups])


def _told(axes: Axes, x: str, y: str) -> None:
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.legend(frameon=False, fontsize=8.5)
    axes.grid(axis="y", alpha=0.2, color=INK, linewidth=0.5)
