"""The benchmark's pictures, as SVG files."""

from collections.abc import Mapping, Sequence
from typing import Final

from matplotlib import style

from experiments.benchmark.cells import Record
from experiments.benchmark.quality.efficiency import LEARNERS
from experiments.benchmark.quality.protocol import ANCHOR
from experiments.benchmark.quality.summary import standings
from experiments.pareto import Tradeoff
from experiments.plots import ACCENT, INK, REST, Bar, as_svg, canvas, figure_style, forest

_COLOURS: Final = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#999999")
_LEAST: Final = 0.1  # minutes, added so that none can be drawn on a scale of logarithms
_WORST: Final = 0.5  # EUR per contact below the anchor, from which on a policy is not drawn


def gains(days: Sequence[Record], preset: str, scenario: str) -> str:
    """Each policy's EUR per contact less the anchor's; those far below are left to the table."""
    found = [
        each
        for each in standings(days, preset, scenario)
        if each.policy != ANCHOR and each.over_anchor.value > -_WORST
    ]
    bars = [
        Bar(each.policy, each.over_anchor.value, each.over_anchor.low, each.over_anchor.high)
        for each in found
    ]
    return forest(bars, f"{preset}, {scenario}: EUR per contact − {ANCHOR}")


def snapshots(records: Sequence[Record], preset: str) -> str:
    """What learners earn more than greedy, over their decisions."""
    with style.context(figure_style(f"snapshots {preset}")):
        figure, axes = canvas(3.2)
        here = [r for r in records if r["preset"] == preset]
        for name, colour in zip(LEARNERS, _COLOURS, strict=True):
            mine = [r for r in here if r["policy"] == name]
            decisions = [float(r["decisions"]) / 1000.0 for r in mine]
            over = [float(r["over greedy"]) for r in mine]
            axes.plot(decisions, over, ".-", color=colour, label=name, linewidth=1.4)
        first = next(r for r in here)
        over_greedy = float(first["over greedy"]) - float(first[f"over {ANCHOR}"])
        axes.axhline(over_greedy, color=INK, linewidth=0.8, linestyle="--")
        axes.axhline(0.0, color=INK, linewidth=0.8, alpha=0.6)
        axes.set_ylim(bottom=-_WORST)
        axes.set_xscale("log")
        axes.set_xlabel(f"{preset}: decisions (thousands); dashed: {ANCHOR}")
        axes.set_ylabel("EUR per contact − greedy")
        axes.legend(frameon=False, fontsize=8.0, ncols=2)
        return as_svg(figure)


def overload(places: Mapping[str, Sequence[Tradeoff]]) -> str:
    """EUR per contact against overload, per preset; policies that none beats are in colour."""
    with style.context(figure_style("overload")):
        figure, _ = canvas(3.6)
        figure.clear()
        grid = figure.subplots(1, len(places), squeeze=False)
        for axes, (preset, mine) in zip(grid[0], places.items(), strict=True):
            for each in mine:
                place = each.overload_min + _LEAST, each.eur_per_contact
                colour = ACCENT if each.efficient else REST
                axes.plot(*place, "o", color=colour, markersize=4.5)
                if each.efficient:
                    axes.annotate(
                        each.policy, place, (4, 3), textcoords="offset points", fontsize=7.0
                    )
            axes.set_xscale("log")
            axes.set_title(preset, fontsize=9.5, loc="left")
            axes.set_xlabel(f"overload + {_LEAST}, min a day")
        grid[0][0].set_ylabel("EUR per contact")
        return as_svg(figure)
