"""Should the target be promoted? PROMOTE, HOLD or CANT_TELL, each with its reasons in words.

The thresholds are starting values; the rate of false promotions on planted truth judges them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from nba.types import Estimate, Verdict


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a log must offer before its estimates may decide anything."""

    margin_eur: float = 0.0  # per decision that the paired lower bound must exceed
    min_ess: float = 100.0
    max_mean_weight_z: float = 4.0  # standard errors of the mean weight from 1
    max_weight_share: float = 0.05  # of all weight in one row
    max_unsupported_share: float = 0.01  # of the target's choices on kinds the log never chose


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
) -> GateResult:
    """The verdict on a paired difference (target minus baseline) in EUR per decision.

    `unsupported` is the share of the target's choices on kinds the log never chose; `segments`
    are the differences within protected segments, by name. CANT_TELL if the log does not carry a
    verdict or the interval reaches over the margin, HOLD if the target is no better or clearly
    worse in a segment, PROMOTE otherwise.
    """
    doubts = _doubts(difference, unsupported, thresholds)
    if doubts:
        return GateResult("CANT_TELL", doubts)
    margin = thresholds.margin_eur
    found = (
        f"the target earns {difference.value:+.3f} EUR per decision more than the baseline "
        f"({difference.level:.0%} interval {difference.low:+.3f} to {difference.high:+.3f})"
    )
    harmed = tuple(
        f"in segment {name} it is clearly worse: {inside.value:+.3f} EUR per decision "
        f"({inside.low:+.3f} to {inside.high:+.3f})"
        for name, inside in (segments or {}).items()
        if inside.high < 0
    )
    if difference.high <= margin:
        return GateResult("HOLD", (f"{found}: not above the margin of {margin:g}", *harmed))
    if harmed:
        return GateResult("HOLD", (found, *harmed))
    if difference.low > margin:
        return GateResult("PROMOTE", (f"{found}: all of it above the margin of {margin:g}",))
    return GateResult(
        "CANT_TELL",
        (f"{found}: the interval holds the margin of {margin:g}", _more_rows(difference, margin)),
    )


def _doubts(difference: Estimate, unsupported: float, thresholds: Thresholds) -> tuple[str, ...]:
    """Every reason why this log cannot carry a verdict."""
    seen = difference.diagnostics
    doubts = []
    if difference.ess < thresholds.min_ess:
        doubts.append(
            f"the effective sample size is {difference.ess:.0f} of {seen['rows']:.0f} rows; "
            f"{thresholds.min_ess:.0f} are needed: log about "
            f"{_rows_for_ess(difference, thresholds.min_ess)} rows, or explore more where the "
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
            f"one row holds {seen['max_weight_share']:.1%} of all weight; at most "
            f"{thresholds.max_weight_share:.0%} is allowed: raise the exploration floor of the "
            "logging policy"
        )
    if unsupported > thresholds.max_unsupported_share:
        doubts.append(
            f"{unsupported:.1%} of the target's choices are of kinds the log never chose: explore "
            "them first"
        )
    return tuple(doubts)


def _rows_for_ess(difference: Estimate, needed: float) -> str:
    if difference.ess <= 0:
        return "many more"
    return _rounded(difference.diagnostics["rows"] * needed / difference.ess)


def _more_rows(difference: Estimate, margin: float) -> str:
    """How many rows would settle it if the difference stays what it is."""
    gap = abs(difference.value - margin)
    reach = max(difference.high - difference.value, difference.value - difference.low)
    if not math.isfinite(reach) or gap < 1e-3 * reach:
        return "more rows alone will hardly settle it: the difference is about the margin"
    rows = difference.diagnostics["rows"] * (reach / gap) ** 2
    return f"if the difference stays what it is, about {_rounded(rows)} rows would settle it"


def _rounded(rows: float) -> str:
    """Two digits: nobody knows more about rows that are yet to come."""
    return f"{float(f'{rows:.2g}'):,.0f}"
