"""Policies learned with some employees serve three times as many, beside a rule tuned there."""

from dataclasses import dataclass, replace
from typing import Final

from envs.config import CentreConfig
from experiments.benchmark.cells import Record
from experiments.benchmark.quality.judge import alone, day_rows
from experiments.benchmark.quality.ladder import CORE, tuned_index_rule
from experiments.benchmark.quality.protocol import Place
from experiments.simulate import centre_of
from nba.act.bundle import load_policy

TIMES: Final = 3
TUNED_THERE: Final = "index_rule_tuned_there"
_DAYS: Final = 10  # held-out days of the larger centre


def transfer_cell(place: Place) -> list[Record]:
    """A record per policy and held-out day of the larger centre; nothing is learned in it."""
    with alone():
        files = {name: place.kept(f"{name}.safetensors") for name in CORE}
        policies = {name: load_policy(file).policy for name, file in files.items()}
        there = larger(place)
        return [
            row
            for name, policy in policies.items()
            for row in day_rows(there, name, policy, named(place), there.centre)
        ]


def tuned_there_cell(place: Place) -> list[Record]:
    """The same of the index rule whose model and prices come from the larger centre itself."""
    with alone():
        there = larger(place)
        policy = tuned_index_rule(there)
        return day_rows(there, TUNED_THERE, policy, named(place), there.centre)


def named(place: Place) -> str:
    """What the larger centre is called among the scenarios."""
    return f"{place.learned_in}, {TIMES} × the employees"


def larger(place: Place) -> "_Larger":
    """The same place with three times the employees and contacts, so a third of the days."""
    budget = place.budget
    less = replace(
        budget,
        days=min(_DAYS, budget.days),
        log_days=max(1, budget.log_days // TIMES),
        first_days=max(1, budget.first_days // TIMES),
        refine_days=max(1, budget.refine_days // TIMES),
    )
    return _Larger(place.preset, place.learned_in, place.seed, less, place.folder)


@dataclass(frozen=True, slots=True)
class _Larger(Place):
    """A place whose centre and name are those of the larger centre."""

    @property
    def centre(self) -> CentreConfig:
        usual = centre_of(self.preset, "normal").n_employees
        return centre_of(self.preset, self.learned_in, employees=TIMES * usual)

    @property
    def name(self) -> str:
        return f"{self.preset} {self.learned_in}-{TIMES}x {self.seed}"
