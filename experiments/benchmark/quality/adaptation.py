"""What going on learning is worth when the customers change: sixty days of a drift.

Within the first forty days the mix of intents turns round. Every policy has learned on days before
that, and all serve the same customers; learners are taught after every four days by what came of
their own choices, the others stay as they are.
"""

from typing import Final

from envs.config import CentreConfig
from envs.day_blocks import DayBlock
from envs.day_figures import DayFigures, key_figures
from envs.logging import WINDOW_S, logged_block
from experiments.benchmark.cells import Record
from experiments.benchmark.quality.judge import alone
from experiments.benchmark.quality.protocol import ANCHOR, Place
from experiments.benchmark.quality.rounds import learned_by_serving
from experiments.simulate import centre_of
from nba.act.bundle import load_policy
from nba.learn.linear_bandit import LinearBandit, linucb
from nba.listen.objective import Objective
from nba.listen.outcomes import join_outcomes
from nba.types import Learner, Policy

DAYS: Final = 60
PERIODS: Final = (("days 1–20", 0), ("days 21–40", 20), ("days 41–60", 40))
_EVERY: Final = 4  # days from one lesson to the next
FROZEN: Final = ("linucb", ANCHOR, "scorer")
# What older rounds count for after each new one; 1: nothing is forgotten.
KEPT: Final = {"linucb, learning on": 1.0, "linucb, learning on and forgetting": 0.8}
_PATIENCE_S: Final = 30 * 86_400.0


def adaptation_cell(place: Place) -> list[Record]:
    """A record per policy and day of the drift."""
    centre = centre_of(place.preset, "drift")
    with alone():
        found = []
        for name in FROZEN:
            policy = load_policy(place.kept(f"{name}.safetensors")).policy
            found += _served(place, centre, name, policy, None)
        for name, kept in KEPT.items():
            learner = LinearBandit(linucb(width=1.0), keep=kept)
            policy = learned_by_serving(learner, place)  # what the frozen LinUCB knows
            found += _served(place, centre, name, policy, learner)
        return found


def _served(
    place: Place, centre: CentreConfig, name: str, policy: Policy, learner: Learner | None
) -> list[Record]:
    records: list[Record] = []
    for first in range(0, DAYS, _EVERY):
        block = DayBlock(first, first, _EVERY, one_site=False)
        figures = DayFigures(block)
        decisions, outcomes = logged_block(
            policy, centre, block, seed=place.seeds.test, watch=figures
        )
        earned = key_figures(centre, figures.rows())["eur_per_contact"]
        named: dict[str, str | float] = {"policy": name, "preset": place.preset}
        named |= {"scenario": "drift", "seed": place.seed}
        records += [
            {**named, "day": first + day, "eur_per_contact": float(eur)}
            for day, eur in enumerate(earned)
        ]
        if learner is not None:
            now = float(decisions.at.max()) + _PATIENCE_S
            log, _ = join_outcomes(
                decisions, outcomes, objective=Objective(), now=now, window_s=WINDOW_S
            )
            learner.learn(log)
            policy = learner.policy()
    return records
