"""Should the target be promoted? PROMOTE, HOLD or CANT_TELL, each with its reasons in words.

What it does on planted truth is measured by `nba bench gate`; the table is in this room's README.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from nba.evaluate.power import PowerPlan, rounded
from nba.types import Estimate, Verdict


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a log must offer before its estimates may decide anything."""

    margin_eur: float = 0.0  # per decision that the paired lower bound must exceed
    min_ess: float = 100.0
    max_mean_weight_z: float = 4.0  # standard errors of the mean weight from 1
    max_weight_share: float = 0.05  # of all weight in one row
    max_unsupported_share: float = 0.01  # of the target's choices on kinds the log never chose
    min_units: int = 20  # customers, days or other units whose luck is their own
    min_robust_gamma: float = 1.2  # of a gain that rests on estimated propensities


@dataclass(frozen=True, slots=True)
class GateResult:
    """A verdict and the sentences that explain it."""

    verdict: Verdict
    reasons: tuple[str, ...]


def gate(
    difference: Estimate,
    *,
    unsupported: float = 0.0,
    segments: Mapping[str, Estimate] | None = None,
    thresholds: Thresholds = Thresholds(),
    robust_gamma: float | None = None,
    plan: PowerPlan | None = None,
    unit: str = "EUR",
    per: str = "decision",
    doubts: tuple[str, ...] = (),
) -> GateResult:
    """The verdict on a paired difference (target minus baseline) in EUR per decision.

    `unsupported` is the share of the target's choices on kinds the log never chose; `segments`
    are the differences within protected segments, by name; `robust_gamma` is how wrong estimated
    propensities may be before the gain falls; `plan` tells what would settle it; `doubts` are what
    the check of the log found against any verdict. CANT_TELL if the
    log does not carry a verdict or the interval reaches over the margin, HOLD if the target is no
    better or clearly worse in a segment, PROMOTE otherwise.
    """
    rows = "rows" if per == "decision" else f"{per}s"
    doubts = (*doubts, *_doubts(difference, unsupported, thresholds, rows))
    doubts += _estimated_doubts(difference, robust_gamma, thresholds)
    if doubts:
        return GateResult("CANT_TELL", doubts)
    margin = thresholds.margin_eur
    found = (
        f"the target earns {amount(difference)} {unit} per {per} more than the baseline "
        f"({difference.level:.0%} interval {span(difference)})"
    )
    harmed = tuple(
        f"in segment {name} it is clearly worse: {amount(inside)} {unit} per {per} ({span(inside)})"
        for name, inside in (segments or {}).items()
        if inside.high < 0
    )
    if difference.high <= margin:
        return GateResult("HOLD", (f"{found}: not above the margin of {margin:g}", *harmed))
    if harmed:
        return GateResult("HOLD", (found, *harmed))
    if difference.low > margin:
        return GateResult("PROMOTE", (f"{found}: all of it above the margin of {margin:g}",))
    settle = _more_rows(difference, margin, rows) if plan is None else plan.sentence()
    return GateResult(
        "CANT_TELL", (f"{found}: the interval holds the margin of {margin:g}", settle)
    )


def amount(estimate: Estimate) -> str:
    """The value with its sign and as many digits as its interval deserves, at least three.

    >>> amount(Estimate(0.00412, 0.0003, 0.0036, 0.0047, 900.0, "snips"))
    '+0.00412'
    """
    return f"{estimate.value:+.{places(estimate)}f}"


def span(estimate: Estimate) -> str:
    """The interval's ends with the same digits."""
    return f"{estimate.low:+.{places(estimate)}f} to {estimate.high:+.{places(estimate)}f}"


def places(estimate: Estimate) -> int:
    """Digits after the point at which an interval shows two of its own, three at least."""
    width = estimate.high - estimate.low
    if not math.isfinite(width) or width <= 0:
        return 3
    return min(8, max(3, 2 - math.floor(math.log10(width))))


def _doubts(
    difference: Estimate, unsupported: float, thresholds: Thresholds, rows: str
) -> tuple[str, ...]:
    """Every reason why this log cannot carry a verdict."""
    seen = difference.diagnostics
    doubts = []
    if difference.ess < thresholds.min_ess:
        doubts.append(
            f"the effective sample size is {difference.ess:.0f} of {seen['rows']:.0f} {rows}; "
            f"{thresholds.min_ess:.0f} are needed: log about "
            f"{_rows_for_ess(difference, thresholds.min_ess)} {rows}, or explore more where the "
            "target differs from the logging policy"
        )
    if abs(seen["mean_weight_z"]) > thresholds.max_mean_weight_z:
        doubts.append(
            f"the mean weight is {seen['mean_weight']:.3f}, {seen['mean_weight_z']:+.1f} standard "
            "errors from 1: the logged propensities are wrong, or the log never tries what the "
            "target does"
        )
    if seen["max_weight_share"] > thresholds.max_weight_share:
        doubts.append(
            f"one {rows[:-1]} holds {seen['max_weight_share']:.1%} of all weight; at most "
            f"{thresholds.max_weight_share:.0%} is allowed: raise the exploration floor of the "
            "logging policy"
        )
    units = seen.get("unit_buckets", math.inf)
    if units < thresholds.min_units:
        doubts.append(
            f"its {rows} are of {units:.0f} units; {thresholds.min_units} are needed, as {rows} of "
            "one share their luck: log more customers or days, not more rows of the same"
        )
    if unsupported > thresholds.max_unsupported_share:
        doubts.append(
            f"{unsupported:.1%} of the target's choices are of kinds or actions the log never "
            "chose: explore them first"
        )
    return tuple(doubts)


def _estimated_doubts(
    difference: Estimate, robust_gamma: float | None, thresholds: Thresholds
) -> tuple[str, ...]:
    """Why a gain that rests on estimated propensities may not be one."""
    if not difference.diagnostics.get("propensity_estimated") or difference.low <= 0:
        return ()
    if robust_gamma is None:
        told = (
            "the propensities were estimated and nothing tells how wrong they may be: compute a "
            "sensitivity band (nba.evaluate.sensitivity), or log propensities"
        )
        return (told,)
    if robust_gamma < thresholds.min_robust_gamma:
        told = (
            "the propensities were estimated, and an unknown cause that shifts the odds of a "
            f"choice by {max(1.0, robust_gamma):.2f} would explain the gain away; it must stand up "
            f"to {thresholds.min_robust_gamma:g}: log propensities"
        )
        return (told,)
    return ()


def _rows_for_ess(difference: Estimate, needed: float) -> str:
    if difference.ess <= 0:
        return "many more"
    return rounded(difference.diagnostics["rows"] * needed / difference.ess)


def _more_rows(difference: Estimate, margin: float, unit: str) -> str:
    """How many rows would settle it if the difference stays what it is."""
    gap = abs(difference.value - margin)
    reach = max(difference.high - difference.value, difference.value - difference.low)
    if not math.isfinite(reach) or gap < 1e-3 * reach:
        return f"more {unit} alone will hardly settle it: the difference is about the margin"
    rows = difference.diagnostics["rows"] * (reach / gap) ** 2
    return f"if the difference stays what it is, about {rounded(rows)} {unit} would settle it"
