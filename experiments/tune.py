"""The index rule's prices, tuned in simulation on days that no comparison ever sees.

Source: successive halving, Jamieson and Talwalkar 2016, on days shared by all candidates.
"""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Final

import numpy as np

from envs.config import CentreConfig
from experiments.parallel import simulate_all
from nba.act.index_rule import IndexRule
from nba.listen.encode import FeatureSpec
from nba.types import RewardModel
from nba.understand.prices import Prices

# Ranges that hold the optimum with room: EUR per second, per unit of skill, per waiting customer.
_LARGEST: Final = Prices(handle=0.012, skill=1.0, backlog=0.8)
_KEEP: Final = 5  # one candidate in five goes on, with five times the days


def index_rule(model: RewardModel, spec: FeatureSpec, prices: Prices) -> IndexRule:
    """The index rule with these prices."""
    return IndexRule(model, spec, prices.handle, prices.skill, prices.backlog)


def tune_prices(
    pool: ProcessPoolExecutor,
    model: RewardModel,
    spec: FeatureSpec,
    config: CentreConfig,
    *,
    seed: int,
    n_candidates: int = 20,
    first_days: int = 48,
    progress: Callable[[int], None] | None = None,
) -> Prices:
    """The prices that earned most; each round keeps one in five on five times the days.

    The days of a round serve all of its candidates (common random numbers) and are new to them.
    `progress` is called once per candidate and round, `rounds(n_candidates)` times.
    """
    kept = candidates(n_candidates, seed)
    days = first_days
    while len(kept) > 1:
        rules = [index_rule(model, spec, prices) for prices in kept]
        tables = simulate_all(
            pool, rules, config, n_days=days, seed=seed + len(kept), progress=progress
        )
        earned = [float(table["eur_per_contact"].mean()) for table in tables]
        best = np.argsort(earned)[::-1][: len(kept) // _KEEP or 1]
        kept = [kept[i] for i in best]
        days *= _KEEP
    return kept[0]


def rounds(n_candidates: int) -> int:
    """How many simulations `tune_prices` runs."""
    total = 0
    while n_candidates > 1:
        total += n_candidates
        n_candidates = n_candidates // _KEEP or 1
    return total


def candidates(n: int, seed: int) -> list[Prices]:
    """Zero prices (greedy itself), then random points over the ranges, denser near zero."""
    points = np.random.default_rng([seed, 7]).random((n - 1, 3)) ** 2
    scaled = points * [_LARGEST.handle, _LARGEST.skill, _LARGEST.backlog]
    return [Prices(0.0, 0.0, 0.0), *(Prices(*row) for row in scaled.tolist())]
