"""Policies on a streamed log: the same as on the whole, in any order of the batches."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from nba.act.uniform import Uniform
from nba.errors import InputError, LogError
from nba.evaluate.comparison import Comparison, compare
from nba.evaluate.doubly_robust import dr
from nba.evaluate.estimators import ESTIMATORS
from nba.evaluate.stream_policies import stream_policies
from nba.evaluate.target import target_probabilities
from nba.listen.log import write_log
from nba.listen.log_parts import iter_log
from nba.listen.objective import Objective
from nba.types import DecisionLog
from tests.planted_log import draw_log, make_world, take_rows

WORLD = make_world(np.random.default_rng(1), rows_per_unit=3)
LOG = draw_log(WORLD, 3000, np.random.default_rng(2)).log
PARTS = [take_rows(LOG, rows) for rows in np.array_split(np.arange(3000), 7)]
POLICY = {"uniform": Uniform()}


def batches(order: Sequence[int] = range(7)) -> Iterator[DecisionLog]:
    return (PARTS[place] for place in order)


def test_one_batch_is_the_whole_log() -> None:
    found = stream_policies(lambda: [LOG], POLICY, segments=["tier"])
    target = target_probabilities(Uniform(), LOG)
    wanted = compare(LOG, {"uniform": target}, segments=["tier"])
    assert found.segments == wanted.segments
    for estimator in ESTIMATORS:
        mine, theirs = found.estimate("uniform", estimator), wanted.estimate("uniform", estimator)
        assert mine.value == pytest.approx(theirs.value, rel=1e-10)
        assert (mine.low, mine.high) == pytest.approx((theirs.low, theirs.high), rel=1e-10)


def test_batches_give_the_same_in_any_order() -> None:
    whole = stream_policies(lambda: [LOG], POLICY).estimate("uniform", dr)
    first = stream_policies(batches, POLICY).estimate("uniform", dr)
    moved = stream_policies(lambda: batches([0, 6, 3, 1, 5, 2, 4]), POLICY)
    for found in (first, moved.estimate("uniform", dr)):
        assert found.value == pytest.approx(whole.value, rel=1e-10)
        assert found.std_error == pytest.approx(whole.std_error, rel=1e-10)


def test_levers_work_on_streamed_sums() -> None:
    objective = Objective({"resolved": 1.0})
    found = stream_policies(batches, POLICY, objective=objective).with_levers({"resolved": 3.0})
    once: Comparison = stream_policies(batches, POLICY)
    mine, plain = found.estimate("uniform", dr), once.estimate("uniform", dr)
    assert mine.value == pytest.approx(3.0 * plain.value, rel=1e-9)


def test_a_log_on_disk_is_read_in_batches(tmp_path: Path) -> None:
    write_log(tmp_path, LOG)
    found = stream_policies(lambda: iter_log(tmp_path, rows=700), POLICY)
    whole = stream_policies(lambda: [LOG], POLICY).estimate("uniform", dr)
    mine = found.estimate("uniform", dr)
    assert mine.diagnostics["rows"] == 3000
    assert mine.value == pytest.approx(whole.value, rel=1e-10)


def test_what_cannot_be_used_is_refused() -> None:
    with pytest.raises(LogError, match="the log has no batch"):
        stream_policies(list, POLICY)
    with pytest.raises(InputError, match="no segment column 'age'; it has tier"):
        stream_policies(batches, POLICY, segments=["age"])
