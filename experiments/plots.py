"""The report's figures as SVG text that takes the page's font and colour.

Figures are drawn without a display and without a global state; the same numbers give the same
text.
"""

import io
import itertools
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Drawn in this colour, then replaced by the page's own: figures follow light and dark themes.
INK: Final = "#010203"
_WIDTH: Final = 7.6  # inches; the page scales figures to its column
_ROW: Final = 0.42
# Okabe and Ito 2008: told apart with every form of colour vision, on white and on black.
ACCENT: Final = "#0072b2"
REST: Final = "#8a929c"
_KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "content": ("self-service", "#56b4e9"),
    "chat_bot": ("chat bot", "#009e73"),
    "voice_bot": ("voice bot", "#7fbf9f"),
    "callback": ("callback", "#cc79a7"),
    "queue": ("shared queue", "#e69f00"),
    "employee": ("chosen employee", "#0072b2"),
    "none": ("nothing", "#999999"),
}
_STYLE: Final[Mapping[str, object]] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10.0,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.size": 0.0,
}


class Bar(NamedTuple):
    """A value with its interval, and the label it is drawn beside."""

    label: str
    value: float
    low: float
    high: float


def forest(bars: Sequence[Bar], label: str, *, zero: bool = True) -> str:
    """Values with intervals, one row each; a line at zero if zero means "no difference"."""
    with style.context(figure_style("forest" + label)):
        figure, axes = canvas(len(bars) * _ROW + 0.8)
        for row, bar in enumerate(bars):
            colour = ACCENT if not zero or bar.low > 0 or bar.high < 0 else REST
            axes.plot([bar.low, bar.high], [row, row], color=colour, linewidth=2.2)
            axes.plot([bar.value], [row], "o", color=colour, markersize=6.0)
            axes.annotate(
                f"{bar.value:+.2f}" if zero else f"{bar.value:.2f}",
                (bar.value, row), (0, 7), textcoords="offset points", ha="center", fontsize=8.5,
            )  # fmt: skip
        if zero:
            axes.axvline(0.0, color=INK, linewidth=0.8, alpha=0.6)
        _rows(axes, [bar.label for bar in bars])
        axes.set_xlabel(label)
        return as_svg(figure)


def learning_curve(curve: Sequence[tuple[int, float]]) -> str:
    """Mean training reward over the decisions made so far, with a running mean."""
    with style.context(figure_style("curve")):
        figure, axes = canvas(2.7)
        steps = np.array([step for step, _ in curve], dtype=np.float64) / 1000.0
        earned = np.array([mean for _, mean in curve])
        axes.plot(steps, earned, ".", color=REST, markersize=4.0)
        window = max(1, len(earned) // 10)
        if len(earned) > window:
            smooth = np.convolve(earned, np.ones(window) / window, mode="valid")
            axes.plot(steps[window - 1 :], smooth, color=ACCENT, linewidth=2.0)
        axes.set_xlabel("decisions so far (thousands)")
        axes.set_ylabel("EUR per decision")
        axes.grid(axis="y", alpha=0.2, color=INK, linewidth=0.5)
        return as_svg(figure)


def action_mix(shares: Mapping[str, Mapping[str, float]]) -> str:
    """Per policy the share of decisions by kind of action, as one stacked bar."""
    with style.context(figure_style("mix")):
        figure, axes = canvas(len(shares) * _ROW + 1.0)
        left = np.zeros(len(shares))
        for kind, (label, colour) in _KINDS.items():
            width = np.array([mix.get(kind, 0.0) for mix in shares.values()]) * 100.0
            if not width.any():
                continue
            axes.barh(np.arange(len(shares)), width, 0.62, left=left, color=colour, label=label)
            left += width
        _rows(axes, list(shares))
        axes.set_xlim(0.0, 100.0)
        axes.set_xlabel("share of decisions, %")
        axes.legend(
            ncols=6, loc="lower left", bbox_to_anchor=(0.0, 1.0), frameon=False, fontsize=8.5,
            handlelength=1.0, columnspacing=1.2, borderaxespad=0.2,
        )  # fmt: skip
        return as_svg(figure)


def small_bars(panels: Mapping[str, Mapping[str, float]], highlight: str) -> str:
    """Small panels side by side: per figure one bar per policy, with its number."""
    with style.context(figure_style("panels")):
        names = list(next(iter(panels.values())))
        figure = Figure(figsize=(_WIDTH, len(names) * _ROW + 0.6), layout="constrained")
        grid = figure.subplots(1, len(panels), sharey=True, squeeze=False)
        for axes, (title, values) in zip(grid[0], panels.items(), strict=True):
            heights = list(values.values())
            colours = [ACCENT if name == highlight else REST for name in names]
            axes.barh(np.arange(len(names)), heights, 0.55, color=colours)
            for row, value in enumerate(heights):
                axes.annotate(
                    f"{value:,.1f}", (value, row), (3, 0), textcoords="offset points", va="center",
                    fontsize=8.5,
                )  # fmt: skip
            axes.set_title(title, fontsize=9.5, loc="left")
            axes.set_xlim(0.0, max(*heights, 1e-9) * 1.3)
            axes.set_xticks([])
            axes.spines["bottom"].set_visible(False)
            _rows(axes, names)
        return as_svg(figure)


def by_segment(values: Mapping[str, Mapping[str, float]], label: str, highlight: str) -> str:
    """Per segment one row with a point for each policy; a line at zero."""
    with style.context(figure_style("segments")):
        figure, axes = canvas(len(values) * _ROW + 1.0)
        policies = dict.fromkeys(name for row in values.values() for name in row)
        for policy, marker in zip(policies, itertools.cycle("osD^v"), strict=False):
            places = [(row[policy], at) for at, row in enumerate(values.values()) if policy in row]
            colour = ACCENT if policy == highlight else REST
            axes.plot(*zip(*places, strict=True), marker, color=colour, label=policy)
        axes.axvline(0.0, color=INK, linewidth=0.8, alpha=0.6)
        _rows(axes, list(values))
        axes.set_xlabel(label)
        axes.legend(
            ncols=4, loc="lower left", bbox_to_anchor=(0.0, 1.0), frameon=False, fontsize=8.5
        )
        return as_svg(figure)


def frontier(places: Mapping[str, tuple[float, float]], x: str, y: str, highlight: str) -> str:
    """One named point per policy, such as its wait against its occupancy."""
    with style.context(figure_style(f"frontier {x} {y}")):
        figure, axes = canvas(3.2)
        for policy, place in places.items():
            axes.plot(*place, "o", color=ACCENT if policy == highlight else REST, markersize=6.0)
            axes.annotate(policy, place, (6, 4), textcoords="offset points", fontsize=8.5)
        axes.margins(0.2)
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        axes.grid(alpha=0.2, color=INK, linewidth=0.5)
        return as_svg(figure)


def figure_style(salt: str) -> dict[str, object]:
    """The style; the salt keeps ids of several figures on one page apart, and stable."""
    return {**_STYLE, "svg.hashsalt": salt}


def canvas(height: float) -> tuple[Figure, Axes]:
    """A figure as wide as the page's column, and its one pair of axes."""
    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    return figure, figure.subplots()


def _rows(axes: Axes, labels: Sequence[str]) -> None:
    """One labelled row per entry, the first on top."""
    axes.set_yticks(np.arange(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.7)


def as_svg(figure: Figure) -> str:
    """The figure without the XML preamble, sized by the page instead of in points."""
    text = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(text, format="svg", transparent=True, metadata=nothing)
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
    head, _, rest = svg.partition(">")
    words = [word for word in head.split(" ") if not word.startswith(("width=", "height="))]
    return f"{' '.join(words)}>{rest}"
