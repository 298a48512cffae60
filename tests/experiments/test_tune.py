"""Tuning of the index rule."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

from envs.evaluate_days import simulate
from experiments.parallel import workers
from experiments.tune import candidates, index_rule, rounds, tune_prices
from nba.act.greedy import Greedy
from nba.listen.contact_features import CONTACT_CENTRE
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
