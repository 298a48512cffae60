"""Tuning of the index rule."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from envs.evaluate_days import simulate
from experiments.parallel import workers
from experiments.tune import candidates, index_rule, neighbours, rounds, tune_prices
from nba.act.greedy import Greedy
from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import Floats
from nba.understand.prices import Prices
from tests.experiments.small_run import BANK, log, reward_model


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    with workers() as processes:
        yield processes


def test_the_chosen_prices_are_those_that_earned_most(pool: ProcessPoolExecutor) -> None:
    counted: list[int] = []
    model = reward_model()
    found = tune_prices(
        pool, model, CONTACT_CENTRE, BANK, seed=9, n_candidates=4, first_days=3,
        progress=counted.append,
    )  # fmt: skip
    assert sum(counted) == rounds(4) == 4
    earned = {
        prices: simulate(index_rule(model, CONTACT_CENTRE, prices), BANK, n_days=3, seed=9 + 4)[
            "eur_per_contact"
        ].mean()
        for prices in candidates(4, 9)
    }
    assert found == max(earned, key=lambda prices: float(earned[prices]))


def test_a_second_tuning_gives_the_same_prices(pool: ProcessPoolExecutor) -> None:
    first, second = (
        tune_prices(
            pool, reward_model(), CONTACT_CENTRE, BANK, seed=2, n_candidates=3, first_days=2
        )
        for _ in range(2)
    )
    assert first == second


def test_candidates_start_with_greedy_itself() -> None:
    found = candidates(30, 1)
    assert len(set(found)) == 30
    assert found[0] == Prices(0.0, 0.0, 0.0)
    assert all(min(p.handle, p.skill, p.backlog) >= 0.0 for p in found)
    assert candidates(30, 1) == found != candidates(30, 2)


def test_without_prices_the_rule_is_greedy() -> None:
    rule = index_rule(reward_model(), CONTACT_CENTRE, Prices(0.0, 0.0, 0.0))
    context = log().context[:50]
    rows = np.stack([log().actions[i : i + 4] for i in log().offsets[:50]])
    mask = np.ones(rows.shape[:2], dtype=np.bool_)
    greedy = Greedy(reward_model()).batch_probabilities(context, rows, mask)
    assert np.array_equal(rule.batch_probabilities(context, rows, mask), greedy)


def test_rounds_end_with_one_candidate() -> None:
    assert [rounds(n) for n in (1, 2, 5, 15)] == [0, 2, 5, 18]
    assert rounds(15, 2) == 18 + 2 * 9


def test_candidates_leave_smaller_gaps_than_random_points() -> None:
    rng = np.random.default_rng(5)
    probes = rng.random((500, 1, 3))

    def gap(points: Floats) -> float:
        """How far the average place is from the nearest point."""
        return float(np.linalg.norm(probes - points, axis=2).min(axis=1).mean())

    for seed in range(5):
        found = [(p.handle, p.skill, p.backlog) for p in candidates(65, seed)[1:]]
        assert gap(np.sqrt(np.array(found) / (0.012, 1.0, 0.8))) < gap(rng.random((64, 3)))


def test_neighbours_are_near_and_never_negative() -> None:
    best = Prices(0.003, 0.0, 0.2)
    near, nearer = neighbours(best, 0.1, 4), neighbours(best, 0.001, 4)
    assert all(min(p.handle, p.skill, p.backlog) >= 0.0 for p in near)
    assert all(abs(p.handle - best.handle) < 1e-4 for p in nearer)
    assert len(set(near)) == 8


def test_a_refinement_keeps_what_earned_most_on_its_own_days(pool: ProcessPoolExecutor) -> None:
    model = reward_model()
    found = tune_prices(
        pool, model, CONTACT_CENTRE, BANK, seed=9, n_candidates=1, refinements=1, refine_days=2
    )
    start = candidates(1, 9)[0]
    around = [start, *neighbours(start, 0.15, 9)]
    earned = [
        simulate(index_rule(model, CONTACT_CENTRE, prices), BANK, n_days=2, seed=9 + 2)[
            "eur_per_contact"
        ].mean()
        for prices in around
    ]
    assert found == around[int(np.argmax(earned))]


def test_an_interrupted_search_goes_on_where_it_stopped(
    pool: ProcessPoolExecutor, tmp_path: Path
) -> None:
    memory = tmp_path / "memory.jsonl"

    def search(progress: Callable[[int], None]) -> Prices:
        return tune_prices(
            pool, reward_model(), CONTACT_CENTRE, BANK, seed=3, n_candidates=3, first_days=1,
            refinements=1, refine_days=1, memory=memory, progress=progress,
        )  # fmt: skip

    def interrupted(_: int) -> None:
        if len(memory.read_bytes().splitlines()) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search(interrupted)
    done = memory.read_bytes().splitlines()
    counted: list[int] = []
    found = search(counted.append)
    assert sum(counted) == rounds(3, 1) == 12
    lines = memory.read_bytes().splitlines()
    assert lines[:5] == done  # nothing was simulated twice
    assert len(lines) == len({line.rpartition(b",")[0] for line in lines}) == 12
    assert search(counted.append) == found
    assert memory.read_bytes().splitlines() == lines
