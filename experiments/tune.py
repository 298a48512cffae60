"""The index rule's prices, tuned in simulation on days that no comparison ever sees.

Sources: successive halving, Jamieson and Talwalkar 2016, on days shared by all candidates;
candidates from the additive recurrence of Roberts 2018, which covers a box more evenly than
random points do.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, as_completed
from pathlib import Path
from typing import Final

import numpy as np

from envs.config import CentreConfig
from envs.evaluate_days import simulate
from experiments.tuning_memory import TuningMemory
from nba.act.index_rule import IndexRule
from nba.listen.encode import FeatureSpec
from nba.seeding import generator
from nba.types import Floats, RewardModel
from nba.understand.prices import Prices

# Ranges for the candidates: EUR per second, per unit of skill, per waiting customer. The bank's
# optimum lies inside with room; the refinement may leave them upwards.
_LARGEST: Final = (0.012, 1.0, 0.8)
_KEEP: Final = 5  # one candidate in five goes on, with five times the days
_PLASTIC: Final = 1.2207440846057596  # the positive root of x⁴ = x + 1: Roberts' constant of 3-d
_NEIGHBOURS: Final = 8  # points tried around the best in each refinement
_RADIUS: Final = 0.15  # of the first refinement, in square roots of shares of the range


def index_rule(model: RewardModel, spec: FeatureSpec, prices: Prices) -> IndexRule:
    """The index rule with these prices."""
    return IndexRule(model, spec, prices.handle, prices.skill, prices.backlog)


def tune_prices(
    pool: Executor,
    model: RewardModel,
    spec: FeatureSpec,
    config: CentreConfig,
    *,
    seed: int,
    n_candidates: int = 20,
    first_days: int = 48,
    refinements: int = 0,
    refine_days: int = 120,
    memory: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> Prices:
    """The prices that earned most; each round keeps one in five on five times the days.

    Then `refinements` rounds compare the best with points around it, each at half the distance of
    the last. The days of a round serve all of its candidates (common random numbers) and are new
    to them: they are the seeds from `seed` + 1 to `seed` + n_candidates + refinements. With
    `memory`, a file, a search that was interrupted goes on where it stopped. `progress` is called
    once per candidate and round, `rounds(n_candidates, refinements)` times.
    """
    earned = _Simulated(pool, model, spec, config, memory, progress)
    kept = candidates(n_candidates, seed)
    days = first_days
    while len(kept) > 1:
        best = np.argsort(earned.each(kept, days, seed + len(kept)))[::-1]
        kept = [kept[i] for i in best[: len(kept) // _KEEP or 1]]
        days *= _KEEP
    found = kept[0]
    for number in range(refinements):
        around = [found, *neighbours(found, _RADIUS / 2**number, seed + number)]
        worth = earned.each(around, refine_days, seed + n_candidates + 1 + number)
        found = around[int(np.argmax(worth))]
    return found


def rounds(n_candidates: int, refinements: int = 0) -> int:
    """How many simulations `tune_prices` runs."""
    total = refinements * (1 + _NEIGHBOURS)
    while n_candidates > 1:
        total += n_candidates
        n_candidates = n_candidates // _KEEP or 1
    return total


def candidates(n: int, seed: int) -> list[Prices]:
    """Zero prices (greedy itself), then points spread over the ranges, denser near zero."""
    shift = np.random.default_rng([seed, 7]).random(3)
    steps = np.arange(1, n)[:, None] * _PLASTIC ** -np.arange(1.0, 4.0)
    return [Prices(0.0, 0.0, 0.0), *_prices((shift + steps) % 1.0)]


def neighbours(centre: Prices, radius: float, seed: int) -> list[Prices]:
    """Points around these prices, on the scale on which `candidates` are evenly spread."""
    place = np.sqrt(np.array([centre.handle, centre.skill, centre.backlog]) / _LARGEST)
    steps = generator(seed, "price neighbours").normal(0.0, radius, (_NEIGHBOURS, 3))
    return _prices(np.abs(place + steps))


def _prices(points: Floats) -> list[Prices]:
    return [Prices(*row) for row in (points**2 * _LARGEST).tolist()]


class _Simulated:
    """What prices earn, simulated in the pool or remembered."""

    def __init__(
        self,
        pool: Executor,
        model: RewardModel,
        spec: FeatureSpec,
        config: CentreConfig,
        memory: Path | None,
        progress: Callable[[int], None] | None,
    ) -> None:
        self._pool, self._model, self._spec, self._config = pool, model, spec, config
        self._memory = TuningMemory(memory, model, spec, config) if memory else None
        self._progress = progress

    def each(self, kept: Sequence[Prices], n_days: int, seed: int) -> list[float]:
        """EUR per contact of each of these prices over the same days, in their order."""
        known = self._memory.known(n_days, seed) if self._memory else {}
        self._advance(sum(prices in known for prices in kept))
        waiting = {
            self._pool.submit(_earned, self._rule(prices), self._config, n_days, seed): prices
            for prices in kept
            if prices not in known
        }
        for future in as_completed(waiting):
            known[waiting[future]] = future.result()
            if self._memory:
                self._memory.keep(n_days, seed, waiting[future], future.result())
            self._advance(1)
        return [known[prices] for prices in kept]

    def _rule(self, prices: Prices) -> IndexRule:
        return index_rule(self._model, self._spec, prices)

    def _advance(self, n: int) -> None:
        if self._progress is not None and n:
            self._progress(n)


def _earned(rule: IndexRule, config: CentreConfig, n_days: int, seed: int) -> float:
    table = simulate(rule, config, n_days=n_days, seed=seed)
    return float(np.mean(table["eur_per_contact"]))
