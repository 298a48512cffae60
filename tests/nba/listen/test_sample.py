"""A sample takes whole customers, the same ones each time."""

from dataclasses import replace

import numpy as np

from nba.listen.flat_log import FlatLog
from nba.listen.sample import sample_flat, sample_log, sampled_units, take_rows
from tests.planted_log import draw_log, make_world
from tests.planted_log import take_rows as planted_rows

LOG = draw_log(
    make_world(np.random.default_rng(1), rows_per_unit=5), 4000, np.random.default_rng(2)
).log


def test_customers_are_taken_whole() -> None:
    found = sample_log(LOG, 1000)
    _, sizes = np.unique(found.unit.astype(str), return_counts=True)
    assert set(sizes) == {5}
    assert 800 < len(found) < 1200
    assert sample_log(LOG, 10_000) is LOG


def test_rows_are_taken_with_their_actions() -> None:
    rows = np.array([7, 3, 3999])
    mine, other = take_rows(LOG, rows), planted_rows(LOG, rows)
    for name in ("action_ids", "actions", "offsets", "chosen", "reward", "decision_id"):
        np.testing.assert_array_equal(getattr(mine, name), getattr(other, name))


def test_another_seed_takes_others() -> None:
    one, two = (sampled_units(LOG.unit, 0.3, seed=seed) for seed in (0, 1))
    assert 0.02 < np.mean(one & two) < 0.2


def test_rows_without_customers_are_taken_by_number_whatever_the_chunk() -> None:
    log = FlatLog(np.array(["a"] * 1000, dtype=object), np.full(1000, 0.5), np.arange(1000.0))
    whole = sample_flat(log, 0.3).reward
    halves = [
        sample_flat(replace(log.take(np.arange(i, i + 500)), first_row=i), 0.3).reward
        for i in (0, 500)
    ]
    np.testing.assert_array_equal(whole, np.concatenate(halves))
    assert 230 < len(whole) < 370
