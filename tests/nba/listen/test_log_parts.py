"""A log in slices is the log as a whole; its outcomes come back as they were written."""

import resource
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from nba.errors import LogError
from nba.listen.log import read_log, write_log
from nba.listen.log_parts import (
    OUTCOMES_FOLDER,
    append_outcomes,
    iter_log,
    iter_outcomes,
    read_outcomes,
    write_part,
)
from nba.listen.outcomes import OutcomeColumns
from nba.types import DecisionLog
from tests.planted_log import draw_log, make_world, take_rows

SLICES = (np.arange(20), np.arange(20, 50), np.arange(50, 60))


@pytest.fixture(scope="module")
def log() -> DecisionLog:
    return draw_log(make_world(np.random.default_rng(1)), 60, np.random.default_rng(2)).log


def outcomes_of(log: DecisionLog) -> OutcomeColumns:
    kinds = np.full(len(log), "resolved", dtype=object)
    return OutcomeColumns(log.decision_id, kinds, log.outcomes["resolved"], log.at + 60.0)


def slices_of(log: DecisionLog) -> list[tuple[DecisionLog, OutcomeColumns]]:
    parts = [take_rows(log, rows) for rows in SLICES]
    return [(part, outcomes_of(part)) for part in parts]


def same(a: DecisionLog, b: DecisionLog) -> None:
    for name in ("decision_id", "at", "context", "offsets", "actions", "chosen", "reward"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    assert list(a.outcomes) == list(b.outcomes)
    assert list(a.segments) == list(b.segments)


def test_a_part_written_in_slices_reads_as_one_log(log: DecisionLog, tmp_path: Path) -> None:
    assert write_part(tmp_path / "part-00000.parquet", slices_of(log)) == len(log)
    same(log, read_log(tmp_path))


def test_a_log_is_read_slice_by_slice_in_the_order_of_its_parts(
    log: DecisionLog, tmp_path: Path
) -> None:
    slices = slices_of(log)
    write_part(tmp_path / "part-00001.parquet", slices[2:])
    write_part(tmp_path / "part-00000.parquet", slices[:2])
    for (written, _), found in zip(slices, iter_log(tmp_path), strict=True):
        same(written, found)


def test_a_log_of_write_log_can_be_streamed_too(log: DecisionLog, tmp_path: Path) -> None:
    path = write_log(tmp_path, log)
    (found,) = iter_log(path)
    same(log, found)


def test_outcomes_come_back_and_are_no_part_of_the_log(log: DecisionLog, tmp_path: Path) -> None:
    write_part(tmp_path / "part-00000.parquet", slices_of(log))
    found, written = read_outcomes(tmp_path), outcomes_of(log)
    for name in ("decision_id", "component", "value", "at"):
        np.testing.assert_array_equal(getattr(found, name), getattr(written, name))
    assert [len(part) for part in iter_outcomes(tmp_path)] == [len(rows) for rows in SLICES]
    assert len(append_outcomes([found, written])) == 2 * len(log)


def test_no_decision_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="no decision"):
        write_part(tmp_path / "part-00000.parquet", [])
    assert list(tmp_path.iterdir()) == []


def test_a_slice_that_fails_leaves_neither_file(log: DecisionLog, tmp_path: Path) -> None:
    def cut_off() -> Iterator[tuple[DecisionLog, OutcomeColumns]]:
        yield from slices_of(log)[:2]
        raise KeyError

    with pytest.raises(KeyError):
        write_part(tmp_path / "part-00000.parquet", cut_off())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_full_disk_is_one_line_and_leaves_neither_file(log: DecisionLog, tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(LogError, match=r"cannot be written \(File too large\)") as told:
            write_part(tmp_path / "part-00000.parquet", slices_of(log))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "\n" not in str(told.value)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_part_of_another_spec_is_refused_when_it_is_reached(
    log: DecisionLog, tmp_path: Path
) -> None:
    slices = slices_of(log)
    write_part(tmp_path / "part-00000.parquet", slices[:1])
    other = replace(slices[1][0], spec_version="other")
    write_part(tmp_path / "part-00001.parquet", [(other, slices[1][1])])
    stream = iter_log(tmp_path)
    assert len(next(stream)) == len(SLICES[0])
    with pytest.raises(LogError, match=r"part-00001.parquet has other spec_version"):
        next(stream)


def test_outcomes_in_another_form_are_refused_by_name(tmp_path: Path) -> None:
    folder = tmp_path / OUTCOMES_FOLDER
    folder.mkdir()
    pq.write_table(pa.table({"decision_id": ["d-1"]}), folder / "part-00000.parquet")
    with pytest.raises(LogError, match=r"part-00000.parquet has not the columns and format"):
        read_outcomes(tmp_path)
    (folder / "part-00000.parquet").write_bytes(b"PAR1")
    with pytest.raises(LogError, match=r"part-00000.parquet is not a readable Parquet file"):
        read_outcomes(tmp_path)
