"""A decision log of any size: the answer of reading it whole, in memory that does not grow."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nba import ope
from nba.act.uniform import Uniform
from nba.errors import InputError, LogError
from nba.evaluate.answer import Answer
from nba.listen.log import read_log, write_log
from nba.types import Estimate
from tests.planted_log import draw_log, make_world, take_rows

WORLD = make_world(np.random.default_rng(1), rows_per_unit=3)
LOG = draw_log(WORLD, 6000, np.random.default_rng(2)).log
_PEAK = """
import resource, sys
from nba import ope
from nba.act.uniform import Uniform
answer = ope.run(sys.argv[1], Uniform())
print(answer.check.used, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of five parts."""
    path = tmp_path_factory.mktemp("log")
    for rows in np.array_split(np.arange(6000), 5):
        write_log(path, take_rows(LOG, rows))
    return path


def numbers(estimate: Estimate) -> tuple[float, ...]:
    return (estimate.value, estimate.std_error, estimate.low, estimate.high, estimate.ess)


def assert_same(mine: Answer, whole: Answer) -> None:
    assert len(mine.estimates) == len(whole.estimates) > 5
    for (policy, here), (other, there) in zip(mine.estimates, whole.estimates, strict=True):
        assert (policy, here.method) == (other, there.method)
        assert numbers(here) == pytest.approx(numbers(there), rel=1e-9, abs=1e-9)
    assert numbers(mine.difference) == pytest.approx(numbers(whole.difference), rel=1e-9, abs=1e-9)
    assert numbers(mine.logging) == pytest.approx(numbers(whole.logging), rel=1e-9)
    assert mine.result == whole.result
    assert mine.segments.keys() == whole.segments.keys()
    for name, inside in mine.segments.items():
        assert numbers(inside.difference) == pytest.approx(
            numbers(whole.segments[name].difference), rel=1e-9, abs=1e-9
        )
    assert mine.check.used == whole.check.used


@pytest.mark.parametrize("sample", [None, 2000])
def test_parts_answer_as_the_whole_does(folder: Path, sample: int | None) -> None:
    asked = {"by": ["tier"], "protect": ["tier"], "sample": sample}
    mine = ope.run(folder, Uniform(), **asked)  # type: ignore[arg-type]  # one table, two calls
    whole = ope.run(read_log(folder), Uniform(), **asked)  # type: ignore[arg-type]  # the same
    assert_same(mine, whole)
    assert [t.rows for t in mine.calibration] == [t.rows for t in whole.calibration]


def test_levers_reach_every_part(folder: Path) -> None:
    mine = ope.run(folder, Uniform(), levers={"resolved": 2.0})
    assert_same(mine, ope.run(read_log(folder), Uniform(), levers={"resolved": 2.0}))


def test_what_is_wrong_is_told_by_its_row(tmp_path: Path) -> None:
    wrong = LOG.propensity.copy()
    wrong[4321] = 0.0
    for rows in np.array_split(np.arange(6000), 5):
        write_log(tmp_path, take_rows(replace(LOG, propensity=wrong), rows))
    with pytest.raises(LogError, match=r"row 4321 .* propensity outside"):
        ope.run(tmp_path, Uniform())
    assert ope.check(tmp_path).dropped["propensity outside (0, 1]"].tolist() == [4321]
    with pytest.raises(InputError, match="no segment column 'teer'"):
        ope.run(tmp_path, Uniform(), by=["teer"])


def test_memory_does_not_grow_with_the_number_of_parts(tmp_path: Path) -> None:
    draws = np.random.default_rng(3)
    peaks = {}
    for n_parts in (2, 8):
        for place in range(n_parts):
            log = draw_log(WORLD, 20_000, draws).log
            names = np.array([f"{n_parts}-{place}-{i}" for i in range(20_000)], dtype=object)
            write_log(tmp_path / str(n_parts), replace(log, decision_id=names))
        told = subprocess.run(  # a process of its own: peaks never fall
            [sys.executable, "-c", _PEAK, str(tmp_path / str(n_parts))],
            check=True, capture_output=True, text=True,
        ).stdout.split()  # fmt: skip
        assert int(told[0]) == n_parts * 20_000
        peaks[n_parts] = int(told[1]) / 1024  # MB
    grown = peaks[8] - peaks[2]
    size = 120_000 * 200 / 2**20  # of the added rows in memory, at the least: 23 MB
    assert grown < size / 2
