"""What a trained policy does on days of its own validation block, drawn beside simple rules.

The pictures belong to the run that trained it; no comparison is made of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from envs.baselines.learning_days import joined_days
from envs.baselines.named import rule
from envs.config import CentreConfig
from envs.evaluate_days import DayTable, simulate
from experiments.plots import action_mix, by_segment, frontier
from experiments.seeds import Seeds
from experiments.tracking import Run
from nba.act.longest_idle import LongestIdle
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.objective import Objective
from nba.types import DecisionLog, Policy

DAYS: Final = 2
_SEGMENT: Final = "intent="


@dataclass(frozen=True, slots=True)
class Shown:
    """A policy's days and what it decided in them."""

    days: DayTable
    log: DecisionLog


def log_validation(run: Run, policy: Policy, centre: CentreConfig, seed: int) -> None:
    """Draw action mix, value per intent and the place between wait and occupancy into a run."""
    first = Seeds.of(seed).validation
    shown = [_shown(each, centre, first) for each in (*_beside(), policy)]
    named = {each.days.policy: each for each in shown}
    for name, picture in pictures(named, policy.name).items():
        run.log_figure(name, picture)
    run.log_values(
        {
            f"validation.{figure}": float(column.mean())
            for figure, column in named[policy.name].days.columns.items()
        }
    )


def _beside() -> tuple[Policy, ...]:
    """Rules that need nothing but the observation."""
    return LongestIdle(CONTACT_CENTRE), rule("c_mu")


def pictures(shown: Mapping[str, Shown], highlight: str) -> dict[str, str]:
    """The three pictures by name, as SVG text."""
    values: dict[str, dict[str, float]] = {}
    for name, each in shown.items():
        for segment, value in value_by_segment(each.log).items():
            values.setdefault(segment, {})[name] = value
    places = {
        name: (float(each.days["occupancy"].mean()), float(each.days["wait_s"].mean()))
        for name, each in shown.items()
    }
    return {
        "action mix": action_mix({name: each.days.action_share for name, each in shown.items()}),
        "value per intent": by_segment(values, "EUR per decision", highlight),
        "wait and occupancy": frontier(places, "occupancy", "wait, s", highlight),
    }


def value_by_segment(log: DecisionLog) -> dict[str, float]:
    """Mean reward in EUR per decision of each estimated intent that the log knows."""
    rewarded = ~np.isnan(log.reward)
    found = {}
    for column, name in enumerate(log.context_names):
        if name.startswith(_SEGMENT):
            mine = rewarded & (log.context[:, column] > 0.5)
            if mine.any():
                found[name.removeprefix(_SEGMENT)] = float(log.reward[mine].mean())
    return found


def _shown(policy: Policy, centre: CentreConfig, seed: int) -> Shown:
    log = joined_days(policy, centre, n_days=DAYS, seed=seed, objective=Objective())
    return Shown(simulate(policy, centre, n_days=DAYS, seed=seed), log)
