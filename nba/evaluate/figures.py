"""Figures of a report as SVG text, drawn by hand: they take the page's font and colours."""

import html
import math
from collections.abc import Sequence
from typing import NamedTuple

from nba.evaluate.answer import Calibration, Share, Tail
from nba.evaluate.gate import places
from nba.types import Estimate

_WIDTH, _LABEL, _ROW = 760, 210, 26
_LETTERS = 28  # that fit beside the axis


class Line(NamedTuple):
    """One row of a forest plot."""

    label: str
    estimate: Estimate


def forest(rows: Sequence[Line], unit: str, *, zero: bool) -> str:
    """Values with their intervals, one row each; those that exclude zero are in colour.

    >>> forest([Line("a", Estimate(1.0, 0.1, 0.8, 1.2, 9.0, "dr"))], "EUR", zero=True)[:4]
    '<svg'
    """
    ends = [x for row in rows for x in (row.estimate.low, row.estimate.high) if math.isfinite(x)]
    ends += [row.estimate.value for row in rows] + ([0.0] if zero else [])
    low, high = min(ends), max(ends)
    pad = 0.06 * (high - low) or 1.0
    scale = _Scale(low - pad, high + pad, _LABEL, _WIDTH - 90)
    parts = [_axis(scale, len(rows), unit)]
    if zero:
        x = scale(0.0)
        parts.append(f'<line class="zero" x1="{x}" x2="{x}" y1="4" y2="{len(rows) * _ROW + 8}"/>')
    for place, (label, e) in enumerate(rows):
        y = place * _ROW + 20
        sure = "sure" if zero and (e.low > 0 or e.high < 0) else "open" if zero else "sure"
        first, last = scale(max(e.low, scale.low)), scale(min(e.high, scale.high))
        parts.append(
            f'<text x="{_LABEL - 12}" y="{y + 4}" text-anchor="end">{_label(label)}</text>'
            f'<g class="{sure}"><line x1="{first}" x2="{last}" y1="{y}" y2="{y}" stroke-width="3" '
            f'stroke-linecap="round"/><circle cx="{scale(e.value)}" cy="{y}" r="5"/></g>'
            f'<text x="{_WIDTH}" y="{y + 4}" text-anchor="end">{e.value:.{places(e)}f}</text>'
        )
    return _svg(len(rows) * _ROW + 46, parts)


def weight_tail(tail: Tail) -> str:
    """Rows and weight by size of weight: much weight in few rows is a bad sign."""
    n, w = max(1, sum(tail.rows)), sum(tail.weight) or 1.0
    labels = ["0", *(f"to {bound:g}" for bound in tail.bounds[2:-1]), f"over {tail.bounds[-2]:g}"]
    rows = [
        Share(label, count / n, total / w)
        for label, count, total in zip(labels, tail.rows, tail.weight, strict=True)
    ]
    return _pairs(rows, "share of the rows", "share of the weight")


def overlap_bars(shares: Sequence[Share]) -> str:
    """How often log and target take each action."""
    return _pairs(shares, "log", "target")


def calibration_plot(tenths: Sequence[Calibration], unit: str) -> str:
    """Predicted against observed reward, a dot for each tenth of the rows."""
    values = [x for tenth in tenths for x in (tenth.predicted, tenth.observed)]
    low, high = min(values), max(values)
    pad = 0.08 * (high - low) or 1.0
    across = _Scale(low - pad, high + pad, 70, 390)
    up = _Scale(low - pad, high + pad, 300, 10)
    ends = (low - pad, high + pad)
    dots = "".join(
        f'<circle class="sure" cx="{across(t.predicted)}" cy="{up(t.observed)}" r="4.5"/>'
        for t in tenths
    )
    labels = "".join(
        f'<text class="faint" x="{across(x)}" y="318" text-anchor="middle">{x:.3g}</text>'
        f'<text class="faint" x="62" y="{up(x) + 4}" text-anchor="end">{x:.3g}</text>'
        for x in (low, high)
    )
    return _svg(
        340,
        [
            (
                f'<line class="zero" x1="{across(ends[0])}" y1="{up(ends[0])}" '
                f'x2="{across(ends[1])}" y2="{up(ends[1])}"/>'
            ),
            (
                f'<line class="axis" x1="70" x2="390" y1="302" y2="302"/>{dots}{labels}'
                f'<text class="faint" x="230" y="336" text-anchor="middle">predicted {unit}</text>'
                '<text class="faint" x="408" y="30">observed, by tenth of the predicted;</text>'
                '<text class="faint" x="408" y="48">dots on the dashed line are right</text>'
            ),
        ],
    )


class _Scale(NamedTuple):
    """Values from low to high as places on the page."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        part = (value - self.low) / ((self.high - self.low) or 1.0)
        return round(self.start + part * (self.end - self.start), 1)


def _pairs(rows: Sequence[Share], first: str, second: str) -> str:
    most = max([0.01, *(max(row.log, row.target) for row in rows)])
    wide = _WIDTH - _LABEL - 70
    parts = [
        (
            f'<rect class="log" x="{_LABEL}" y="2" width="10" height="10"/>'
            f'<text class="faint" x="{_LABEL + 15}" y="12">{first}</text>'
            f'<rect class="target" x="{_LABEL + 170}" y="2" width="10" height="10"/>'
            f'<text class="faint" x="{_LABEL + 185}" y="12">{second}</text>'
        )
    ]
    for place, row in enumerate(rows):
        y = place * 30 + 24
        label = _label(row.action)
        parts.append(f'<text x="{_LABEL - 12}" y="{y + 15}" text-anchor="end">{label}</text>')
        for part, (name, share) in enumerate((("log", row.log), ("target", row.target))):
            width, top = round(wide * share / most, 1), y + part * 12
            parts.append(
                f'<rect class="{name}" x="{_LABEL}" y="{top}" width="{width}" height="10" rx="2"/>'
                f'<text class="faint" x="{_LABEL + width + 6}" y="{top + 9}">{share:.1%}</text>'
            )
    return _svg(len(rows) * 30 + 30, parts)


def _label(text: str) -> str:
    """The text where it fits beside the axis, else its two ends, and all of it under the mouse."""
    if len(text) <= _LETTERS:
        return html.escape(text)
    short = f"{text[: _LETTERS // 2]}…{text[-_LETTERS // 2 + 1 :]}"
    return f"<title>{html.escape(text)}</title>{html.escape(short)}"


def _axis(scale: _Scale, rows: int, unit: str) -> str:
    y = rows * _ROW + 12
    step = 10.0 ** math.floor(math.log10((scale.high - scale.low) or 1.0))
    while (scale.high - scale.low) / step < 4:
        step /= 2
    first = math.ceil(scale.low / step)
    ticks = [i * step for i in range(first, math.floor(scale.high / step) + 1)]
    marks = "".join(
        f'<text class="faint" x="{scale(x)}" y="{y + 16}" text-anchor="middle">{x:.4g}</text>'
        for x in ticks
    )
    name = f'<text class="faint" x="{scale.start}" y="{y + 31}">{html.escape(unit)}</text>'
    line = f'<line class="axis" x1="{scale.start}" x2="{scale.end}" y1="{y}" y2="{y}"/>'
    return line + marks + name


def _svg(height: int, parts: Sequence[str]) -> str:
    inside = "\n".join(parts)
    return f'<svg viewBox="0 0 {_WIDTH} {height}" role="img">\n{inside}\n</svg>'
