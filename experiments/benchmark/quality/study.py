"""The parts of the benchmark, each as cells that are computed side by side and kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from experiments.benchmark.cells import Compute, Record, study
from experiments.benchmark.quality.adaptation import adaptation_cell
from experiments.benchmark.quality.efficiency import LEARNERS, efficiency_cell
from experiments.benchmark.quality.judge import core_cell, rest_cell
from experiments.benchmark.quality.ladder import CORE, REST
from experiments.benchmark.quality.overload import TIMES, overload_cell
from experiments.benchmark.quality.peers.named import PEERS, missing
from experiments.benchmark.quality.protocol import HEADLINE, MET, PRESETS, Budget, Place
from experiments.benchmark.quality.transfer import transfer_cell, tuned_there_cell
from experiments.parallel import workers
from nba import __version__
from nba.terminal import note

_APART: Final = 1000  # between the seeds of two trainings: their days never meet


@dataclass(frozen=True, slots=True)
class Lived:
    """All records of a run, part by part."""

    days: list[Record]  # every policy, preset, scenario, training and held-out day
    transfer: list[Record]  # the same in centres three times as large
    adaptation: list[Record]  # days of a drift
    overload: list[Record]  # days of scorers trained with other prices of overload
    efficiency: list[Record]  # snapshots of learners


def lived(budget: Budget, folder: Path) -> Lived:
    """Everything computed, or read from `folder` where an earlier run has left it."""
    first = _places(HEADLINE, min(1, budget.seeds), budget, folder)
    core = _core_cells(budget, folder)
    transfer: dict[str, Compute] = {
        f"tuned there {place.name}": partial(tuned_there_cell, place) for place in first
    }
    for place in _places(HEADLINE, budget.seeds, budget, folder):
        transfer[place.name] = partial(transfer_cell, place)
    parts: dict[str, Mapping[str, Compute]] = {
        "quality": core | _rest_cells(_peers(), budget, folder),
        "quality-transfer": transfer,
        "quality-adaptation": {
            place.name: partial(adaptation_cell, place)
            for place in _places("normal", budget.normal_seeds, budget, folder)
        },
        "quality-overload": {
            f"{times:g} {place.name}": partial(overload_cell, times, place)
            for place in first
            for times in TIMES
        },
        "quality-efficiency": {
            f"{name} {place.name}": partial(efficiency_cell, name, place)
            for place in first
            for name in LEARNERS
        },
    }
    settings = settings_of(budget)
    with workers() as pool:
        # The other parts go on from the policy files of the headline.
        study("quality", core, settings=settings, folder=folder, pool=pool)
        found = {
            name: study(name, cells, settings=settings, folder=folder, pool=pool)
            for name, cells in parts.items()
        }
    return Lived(*found.values())


def settings_of(budget: Budget) -> str:
    """What a cell's result depends on beside its name: how much of everything, not how often."""
    much = (
        budget.days, budget.log_days, budget.rounds, budget.round_days, budget.candidates,
        budget.first_days, budget.refine_days, budget.steps, budget.scorer_steps,
    )  # fmt: skip
    return f"{__version__} {much} {list(CORE)}"


def _core_cells(budget: Budget, folder: Path) -> dict[str, Compute]:
    places = _places(HEADLINE, budget.seeds, budget, folder)
    for under in MET:
        if under != HEADLINE:
            places += _places(under, budget.normal_seeds, budget, folder)
    return {f"core {place.name}": partial(core_cell, place) for place in places}


def _rest_cells(peers: Sequence[str], budget: Budget, folder: Path) -> dict[str, Compute]:
    """The other rungs and the peers: one training everywhere, before more of them at peak load."""
    once = min(1, budget.rest_seeds)
    rounds = [(HEADLINE, once, (*REST, *peers))]
    for under in MET:
        if under != HEADLINE:
            rounds.append((under, budget.normal_rest, tuple(REST)))
            rounds.append((under, budget.normal_peers, tuple(peers)))
    rounds.append((HEADLINE, budget.rest_seeds, (*REST, *peers)))
    return {
        f"{name} {place.name}": partial(rest_cell, name, place)
        for under, seeds, names in rounds
        for place in _places(under, seeds, budget, folder)
        for name in names
    }


def _places(under: str, seeds: int, budget: Budget, folder: Path) -> list[Place]:
    return [
        Place(preset, under, _APART * seed, budget, folder)
        for seed in range(seeds)
        for preset in PRESETS
    ]


def _peers() -> Sequence[str]:
    absent = {name: missing(name) for name in PEERS}
    for name, module in absent.items():
        if module:
            note(f"{name} is left out: {module} is not installed; `make bench` installs the peers")
    return [name for name in PEERS if not absent[name]]
