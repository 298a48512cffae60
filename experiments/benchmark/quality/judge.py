"""One cell of the benchmark: learn in a place, then live through held-out days."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from dataclasses import replace
from typing import Final

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

from envs.config import CentreConfig
from envs.evaluate_days import simulate
from experiments.benchmark.cells import Record
from experiments.benchmark.quality.ladder import CORE, REST, RULES
from experiments.benchmark.quality.peers.named import PEERS
from experiments.benchmark.quality.protocol import MET, Place
from experiments.simulate import centre_of
from nba.act.bundle import Card, save_policy
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.objective import Objective
from nba.types import Policy

FIGURES: Final = ("eur_per_contact", "wait_s", "abandoned", "overload_min", "fcr", "occupancy")
_DIGITS: Final = 6


def core_cell(place: Place) -> list[Record]:
    """The rules and the headline policies over all held-out days of the place."""
    with alone():
        rules = [each() for each in RULES.values()]
        learned = {name: make(place) for name, make in CORE.items()}
        for name, policy in learned.items():
            keep_policy(place, name, policy)
        return judged(place, dict(zip(RULES, rules, strict=True)) | learned)


def rest_cell(name: str, place: Place) -> list[Record]:
    """One more rung, or a peer, over the same days."""
    with alone():
        return judged(place, {name: {**REST, **PEERS}[name](place)})


def judged(place: Place, policies: Mapping[str, Policy]) -> list[Record]:
    """A record per policy, scenario met and day."""
    return [
        row
        for scenario in MET[place.learned_in]
        for name, policy in policies.items()
        for row in day_rows(place, name, policy, scenario, centre_of(place.preset, scenario))
    ]


def day_rows(
    place: Place, name: str, policy: Policy, scenario: str, centre: CentreConfig
) -> list[Record]:
    """The figures of every held-out day under a policy; `scenario` is what `centre` is called."""
    table = simulate(policy, centre, n_days=place.budget.days, seed=place.seeds.test)
    columns = {figure: np.round(table[figure], _DIGITS).tolist() for figure in FIGURES}
    named: dict[str, str | float] = {
        "policy": name,
        "preset": place.preset,
        "scenario": scenario,
        "seed": place.seed,
    }
    return [
        {**named, "day": day, **{figure: values[day] for figure, values in columns.items()}}
        for day in range(place.budget.days)
    ]


def keep_policy(place: Place, name: str, policy: Policy) -> None:
    """Write a policy's file, from which later parts of the benchmark go on."""
    path = place.kept(f"{name}.safetensors")
    path.parent.mkdir(parents=True, exist_ok=True)
    card = Card(CONTACT_CENTRE, Objective(), {"learner": name, "place": place.name})
    save_policy(path, replace(policy, version="unsaved"), card)  # type: ignore[type-var]  # dataclasses, all of them


@contextmanager
def alone() -> Iterator[None]:
    """One thread and no bars: other cells run beside this one."""
    with threadpool_limits(1), redirect_stderr(io.StringIO()):
        yield
