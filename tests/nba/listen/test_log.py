"""The Parquet log: what was written comes back, and what is not a log is refused by name."""

import re
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from nba.errors import LogError
from nba.listen.log import read_log, write_log
from nba.listen.log_parts import is_decision_log, iter_log
from nba.types import DecisionLog
from tests.planted_log import draw_log, make_world, take_rows

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def log() -> DecisionLog:
    planted = draw_log(make_world(np.random.default_rng(1)), 50, np.random.default_rng(2)).log
    planted.reward[3] = np.nan
    return planted


def same(a: DecisionLog, b: DecisionLog) -> None:
    for item in fields(DecisionLog):
        left, right = getattr(a, item.name), getattr(b, item.name)
        if isinstance(left, Mapping):
            assert list(left) == list(right)
            for name in left:
                np.testing.assert_array_equal(left[name], right[name])
        else:
            np.testing.assert_array_equal(left, right)
            assert getattr(left, "dtype", None) == getattr(right, "dtype", None), item.name


def test_a_log_comes_back_as_it_was_written(log: DecisionLog, tmp_path: Path) -> None:
    path = write_log(tmp_path / "log", log)
    same(log, read_log(tmp_path / "log"))
    same(log, read_log(path))


def test_parts_are_read_in_the_order_of_time(log: DecisionLog, tmp_path: Path) -> None:
    later, earlier = take_rows(log, np.arange(30, 50)), take_rows(log, np.arange(30))
    for part in (later, earlier):
        write_log(tmp_path, part)
    same(log, read_log(tmp_path))


def test_the_same_decisions_written_again_replace_their_part(
    log: DecisionLog, tmp_path: Path
) -> None:
    write_log(tmp_path, replace(log, reward=np.full(len(log), np.nan)))
    write_log(tmp_path, log)
    same(log, read_log(tmp_path))
    assert len(list(tmp_path.iterdir())) == 1


def test_a_component_that_one_part_lacks_is_missing_there(log: DecisionLog, tmp_path: Path) -> None:
    write_log(tmp_path, replace(take_rows(log, np.arange(30)), outcomes={}, segments={}))
    write_log(tmp_path, take_rows(log, np.arange(30, 50)))
    joined = read_log(tmp_path)
    assert np.isnan(joined.outcomes["resolved"][:30]).all()
    np.testing.assert_array_equal(joined.outcomes["resolved"][30:], log.outcomes["resolved"][30:])
    assert set(joined.segments["tier"][:30]) == {""}


def test_a_writer_that_is_killed_leaves_nothing_half_written(tmp_path: Path) -> None:
    program = (
        "import numpy as np, itertools\n"
        "from dataclasses import replace\n"
        "from nba.listen.log import write_log\n"
        "from tests.planted_log import draw_log, make_world\n"
        "rng = np.random.default_rng(1)\n"
        "log = draw_log(make_world(rng), 20_000, rng).log\n"
        "for i in itertools.count():\n"
        f"    write_log({str(tmp_path)!r}, replace(log, at=log.at + i))\n"
    )
    writer = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
    try:
        deadline = time.monotonic() + 60
        while len(list(tmp_path.glob("*.parquet"))) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        writer.kill()
        writer.wait()
    parts = list(tmp_path.glob("*.parquet"))
    assert len(parts) >= 2
    assert all(len(read_log(part)) == 20_000 for part in parts)


def test_a_write_that_fails_leaves_the_part_as_it_was(log: DecisionLog, tmp_path: Path) -> None:
    path = write_log(tmp_path, log)
    before, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, limits[1]))  # as a full disk
    try:
        with pytest.raises(LogError, match=r"cannot be written \(File too large\)"):
            write_log(tmp_path, log)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_a_file_is_refused(log: DecisionLog, tmp_path: Path) -> None:
    (tmp_path / "log").write_text("")
    with pytest.raises(LogError, match="cannot be written"):
        write_log(tmp_path / "log", log)


def test_an_unfinished_file_is_not_read(log: DecisionLog, tmp_path: Path) -> None:
    write_log(tmp_path, log)
    (tmp_path / ".part-1.parquet.99.unfinished").write_bytes(b"PAR1 half")
    (tmp_path / "notes.txt").write_text("not a part")
    same(log, read_log(tmp_path))


def test_an_empty_log_is_not_written(log: DecisionLog, tmp_path: Path) -> None:
    empty = replace(
        take_rows(log, np.array([0])),
        **{n: getattr(log, n)[:0] for n in ("decision_id", "unit", "at", "context", "action_ids")},
        **{n: getattr(log, n)[:0] for n in ("actions", "chosen", "propensity", "policy_version")},
        reward=log.reward[:0],
        offsets=np.zeros(1, dtype=np.int64),
        outcomes={},
        segments={},
    )
    with pytest.raises(LogError, match="no decision"):
        write_log(tmp_path, empty)


def test_a_name_that_is_no_text_is_named(log: DecisionLog, tmp_path: Path) -> None:
    unit = log.unit.copy()
    unit[4] = 17
    with pytest.raises(LogError, match=r"unit\[4\] is 17, no text"):
        write_log(tmp_path, replace(log, unit=unit))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.999])
def test_a_truncated_file_is_refused_by_name(log: DecisionLog, tmp_path: Path, keep: float) -> None:
    path = write_log(tmp_path, log)
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * keep)])
    with pytest.raises(LogError, match=f"{path.name} is not a readable Parquet file") as caught:
        read_log(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_missing_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="does not exist"):
        read_log(tmp_path / "nowhere")


def test_a_folder_without_parts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"holds no \.parquet file"):
        read_log(tmp_path)


def change(path: Path, **columns: pa.Array | None) -> None:
    """Replace columns of a part, or drop those given as None."""
    table = pq.read_table(path)
    for name, values in columns.items():
        place = table.column_names.index(name)
        table = table.remove_column(place)
        if values is not None:
            table = table.add_column(place, name, values)
    pq.write_table(table, path)


@pytest.mark.parametrize("name", ["propensity", "actions", "decision_id", "context", "reward"])
def test_an_absent_column_is_named(log: DecisionLog, tmp_path: Path, name: str) -> None:
    change(path := write_log(tmp_path, log), **{name: None})
    with pytest.raises(LogError, match=f"{re.escape(str(path))} has no column '{name}'"):
        read_log(tmp_path)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("propensity", pa.array(["a"] * 50)),
        ("chosen", pa.array([0.5] * 50)),
        ("unit", pa.array([1] * 50)),
        ("context", pa.array([1.0] * 50)),
        ("actions", pa.array([[1.0]] * 50)),
        ("outcome.resolved", pa.array(["yes"] * 50)),
    ],
)
def test_a_column_of_another_type_is_named(
    log: DecisionLog, tmp_path: Path, name: str, values: pa.Array
) -> None:
    change(write_log(tmp_path, log), **{name: values})
    with pytest.raises(LogError, match=f"column '{re.escape(name)}' of .* is .* needed"):
        read_log(tmp_path)


def test_an_empty_cell_is_named_with_its_row(log: DecisionLog, tmp_path: Path) -> None:
    propensity = log.propensity.tolist()
    propensity[7] = None
    change(write_log(tmp_path, log), propensity=pa.array(propensity, pa.float64()))
    with pytest.raises(LogError, match=r"column 'propensity' .* is empty in row 7"):
        read_log(tmp_path)


def test_actions_that_do_not_fit_their_ids_are_named(log: DecisionLog, tmp_path: Path) -> None:
    ids = pq.read_table(path := write_log(tmp_path, log))["action_ids"].to_pylist()
    ids[5] = [*ids[5], "one-more"]
    change(path, action_ids=pa.array(ids, pa.large_list(pa.string())))
    with pytest.raises(LogError, match="actions of row 5"):
        read_log(tmp_path)


def test_a_log_without_rows_is_refused(log: DecisionLog, tmp_path: Path) -> None:
    path = write_log(tmp_path, log)
    pq.write_table(pq.read_table(path)[:0], path)
    with pytest.raises(LogError, match="holds no decision"):
        read_log(tmp_path)


def test_another_parquet_file_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "a.parquet")
    with pytest.raises(LogError, match="has format None"):
        read_log(tmp_path)


def test_a_newer_format_is_refused(log: DecisionLog, tmp_path: Path) -> None:
    path = write_log(tmp_path, log)
    table = pq.read_table(path)
    pq.write_table(
        table.replace_schema_metadata({**table.schema.metadata, b"format_version": b"2"}), path
    )
    with pytest.raises(LogError, match="version '2'"):
        read_log(tmp_path)


def test_parts_of_different_specs_do_not_mix(log: DecisionLog, tmp_path: Path) -> None:
    write_log(tmp_path, take_rows(log, np.arange(30)))
    write_log(tmp_path, replace(take_rows(log, np.arange(30, 50)), spec_version="other"))
    with pytest.raises(LogError, match="has other spec_version than"):
        read_log(tmp_path)


def test_a_log_is_walked_through_in_batches(tmp_path: Path) -> None:
    log = draw_log(make_world(np.random.default_rng(1)), 1000, np.random.default_rng(2)).log
    write_log(tmp_path, take_rows(log, np.arange(0, 600)))
    write_log(tmp_path, take_rows(log, np.arange(600, 1000)))
    whole, batches = read_log(tmp_path), list(iter_log(tmp_path, rows=250))
    assert [len(batch) for batch in batches] == [250, 250, 100, 250, 150]
    for name in ("decision_id", "action_ids", "actions", "reward", "context"):
        joined = np.concatenate([getattr(batch, name) for batch in batches])
        np.testing.assert_array_equal(joined, getattr(whole, name))


def test_a_decision_log_is_told_from_other_parquet(tmp_path: Path) -> None:
    log = draw_log(make_world(np.random.default_rng(1)), 10, np.random.default_rng(2)).log
    assert is_decision_log(write_log(tmp_path / "log", log).parent)
    pq.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    (tmp_path / "text.parquet").write_text("no")
    assert not is_decision_log(tmp_path / "other.parquet")
    assert not is_decision_log(tmp_path / "text.parquet")
    assert not is_decision_log(tmp_path / "nowhere")
