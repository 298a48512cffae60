"""A check in slices tells what the check of the whole log does."""

from dataclasses import replace

import numpy as np
import pytest

from nba.errors import LogError
from nba.evaluate.check import check_log
from nba.evaluate.decision_check import DecisionCheck, check_decisions
from nba.types import DecisionLog
from tests.planted_log import draw_log, make_world, take_rows

LOG = draw_log(make_world(np.random.default_rng(1)), 3000, np.random.default_rng(2)).log


def slices(log: DecisionLog) -> list[DecisionLog]:
    return [take_rows(log, rows) for rows in np.array_split(np.arange(len(log)), 7)]


def faulty() -> DecisionLog:
    ids, propensity, reward = LOG.decision_id.copy(), LOG.propensity.copy(), LOG.reward.copy()
    ids[2500] = ids[3]
    propensity[[17, 1800]] = 0.0
    reward[2000] = np.nan
    return replace(LOG, decision_id=ids, propensity=propensity, reward=reward)


@pytest.mark.parametrize("log", [LOG, faulty()], ids=["sound", "faulty"])
def test_slices_tell_what_the_whole_does(log: DecisionLog) -> None:
    mine, whole = check_decisions(slices(log)), check_log(log)
    assert (mine.rows, mine.used, mine.usable) == (whole.rows, whole.used, whole.usable)
    assert {r: rows.tolist() for r, rows in mine.dropped.items()} == {
        r: rows.tolist() for r, rows in whole.dropped.items()
    }
    assert mine.propensity == whole.propensity
    assert mine.reward_range == whole.reward_range
    assert mine.support == whole.support
    assert mine.loggers == whole.loggers
    assert set(whole.notes) <= set(mine.notes)


def test_a_decision_of_an_earlier_slice_is_refused_by_its_row() -> None:
    *before, last = slices(replace(faulty(), propensity=LOG.propensity))[:6]
    check = DecisionCheck()
    for part in before:
        check.update(part, strict=True)
    with pytest.raises(LogError, match=r"row 2500 \(decision 'decision-3'\): decision repeated"):
        check.update(last, strict=True)
