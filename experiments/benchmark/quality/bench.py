"""`nba bench quality`: everything is learned, lives through its days, and is told on one page."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from experiments.benchmark.quality import pictures, tables
from experiments.benchmark.quality.efficiency import DAYS
from experiments.benchmark.quality.ladder import CORE
from experiments.benchmark.quality.overload import places_of
from experiments.benchmark.quality.protocol import ANCHOR, HEADLINE, MET, PRESETS, Budget
from experiments.benchmark.quality.study import Lived, lived
from experiments.benchmark.quality.summary import standings
from experiments.benchmark.quality.transfer import TUNED_THERE
from experiments.benchmark.rows import Row
from experiments.pareto import Tradeoff
from nba import __version__
from nba.listen.whole_file import whole_file

LOGS: Final = Budget().seeds
KEPT: Final = Path("runs/quality")  # cells and policy files: a stopped run goes on there


def rows(*, logs: int = LOGS, folder: Path | None = None) -> list[Row]:
    """What every policy earns at peak load, beside the index rule; the page goes to `folder`.

    `logs` is the number of trainings of a headline policy.
    """
    budget = replace(Budget(), seeds=logs, rest_seeds=min(logs, Budget().rest_seeds))
    found = lived(budget, KEPT)
    if folder is not None:
        write_page(found, budget, folder)
    return [
        Row(
            "EUR per contact", each.earned.value, "EUR",
            f"{each.policy}, {preset}, {HEADLINE}, {each.trainings} trainings",
        )
        for preset in PRESETS
        for each in standings(found.days, preset, HEADLINE)
    ]  # fmt: skip


def write_page(found: Lived, budget: Budget, folder: Path) -> None:
    """QUALITY.md with its pictures; each file is whole or not there."""
    everything = [*found.days, *found.overload]
    places = {preset: places_of(everything, preset, HEADLINE) for preset in PRESETS}
    drawn = {
        **{f"gains-{p}.svg": pictures.gains(found.days, p, HEADLINE) for p in PRESETS},
        **{f"decisions-{p}.svg": pictures.snapshots(found.efficiency, p) for p in PRESETS},
        "overload.svg": pictures.overload(places),
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    for name, svg in drawn.items():
        _write(folder / name, svg)
    _write(folder / "QUALITY.md", "\n".join(_page(found, budget, places)) + "\n")


def _page(found: Lived, budget: Budget, places: Mapping[str, Sequence[Tradeoff]]) -> list[str]:
    return [
        *_preface(budget), "",
        "## At peak load, over all presets", "", *tables.headline(found.days), "",
        *(f"![{preset}](gains-{preset}.svg)" for preset in PRESETS), "",
        "## What the action scorer earns more", "",
        (f"On the same days at peak load; the last column in a centre with three times the "
        f"employees that it has never seen, where {TUNED_THERE} was tuned."), "",
        *tables.scorer(found.days, found.transfer, TUNED_THERE), "",
        *(line for under, met in MET.items() for name in met
          for line in _scenario(found, under, name)),
        "## Customers and employees at peak load", "", *tables.employees(found.days, HEADLINE), "",
        *_overload(places), "",
        *_efficiency(found), "",
        *_transfer(found), "",
        *_adaptation(found), "",
        "## Every training of the headline", "", *tables.trainings(found.days, list(CORE)),
    ]  # fmt: skip


def _preface(budget: Budget) -> list[str]:
    how = f"""\
`nba bench quality --logs {budget.seeds} --out experiments/quality` writes this page (version
{__version__}). Everything is learned from the same budget: {budget.log_days} centre-days of an
exploring log, or {budget.rounds} rounds of {budget.round_days} days served while learning,
{budget.scorer_steps:,} simulated decisions for the action scorer and the flat net, {budget.steps:,}
for the other nets, {budget.candidates} prices and one refinement for the index rule. Training,
tuning and the {budget.days} held-out days of each training have seeds of their own; all policies
meet the same customers and luck, so differences are paired. The last checkpoint counts, never the
best, and rewards are what happened, not what was expected. Trainings: {budget.seeds} of each
headline policy at peak load and {budget.normal_seeds} under normal days; of other rungs and peers
{budget.rest_seeds} at peak load, {budget.normal_rest} and {budget.normal_peers} under normal days.

Intervals (95 %) are Student's over trainings from three trainings on; a star marks those of fewer,
which are over days and tell nothing of another training. `gap closed` is the interquartile mean,
over trainings and presets, of the way from longest-idle (0 %) to the best policy of the preset
(100 %), with a stratified bootstrap; `beats` is the probability that one training earns more than
one tuned index rule (Agarwal et al. 2021)."""
    return ["# How good the policies are, measured", "", *how.splitlines()]


def _scenario(found: Lived, under: str, name: str) -> Sequence[str]:
    how = "" if under == name else f" (learned under {under}, met unprepared)"
    return [f"## EUR per contact: {name}{how}", "", *tables.scenario(found.days, name), ""]


def _overload(places: Mapping[str, Sequence[Tradeoff]]) -> Sequence[str]:
    lines = [
        "## The employees' side: EUR per contact against overload", "",
        ("Policies that no other beats in both, least overload first; `overload × 8` was trained "
        "with eight times the objective's price of overload, `× 0` with none."), "",
        "| preset | policy | EUR per contact | overload, min a day |", "| --- | --- | --- | --- |",
    ]  # fmt: skip
    lines += [
        f"| {preset} | {each.policy} | {each.eur_per_contact:.3f} | {each.overload_min:.1f} |"
        for preset, mine in places.items()
        for each in mine
        if each.efficient
    ]
    return [*lines, "", "![overload](overload.svg)"]


def _efficiency(found: Lived) -> Sequence[str]:
    return [
        "## Decisions until greedy and the tuned index rule are passed", "",
        (f"One training each, at peak load. A snapshot has passed when the paired 95 % interval "
        f"over {DAYS} held-out days is above zero there and ever after. Greedy has the "
        "log's decisions; a bandit's are those that it served, the scorer's are simulated. "
        "`scorer_from_nothing` has no prior; `scorer` starts from the tuned index rule, whose "
        "tuning is not counted."), "", *tables.efficiency(found.efficiency), "",
        *(f"![{preset}](decisions-{preset}.svg)" for preset in PRESETS),
    ]  # fmt: skip


def _transfer(found: Lived) -> Sequence[str]:
    return [
        "## Three times the employees, never seen", "",
        (f"Learned with the preset's employees, judged with three times as many at peak load; "
        f"{ANCHOR}_tuned_there learned its model and tuned its prices in the larger centre."), "",
        *tables.transfer(found.transfer, TUNED_THERE),
    ]  # fmt: skip


def _adaptation(found: Lived) -> Sequence[str]:
    return [
        "## When the customers change", "",
        ("Sixty days in whose first forty the mix of intents turns round; in brackets the paired "
        "difference to the frozen LinUCB. Learners are taught every four days."), "",
        *tables.adaptation(found.adaptation),
    ]  # fmt: skip


def _write(path: Path, text: str) -> None:
    with whole_file(path) as file:
        file.write(text.encode())
