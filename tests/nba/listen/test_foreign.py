"""Anybody's log: read whatever the file is, refused with row and remedy where it is wrong."""

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nba.errors import InputError, LogError
from nba.listen.column_map import ColumnMap
from nba.listen.flat_log import FlatLog, join_flat
from nba.listen.foreign import count_rows, file_kind, open_flat, table_columns
from tests.flat_files import WRITERS, flat_rows, spoil, write_csv, write_jsonl, write_parquet


def whole(path: Path, names: ColumnMap | None = None) -> FlatLog:
    return join_flat(list(open_flat(path, names)))


@pytest.mark.parametrize("suffix", WRITERS)
def test_every_format_gives_the_same_log(tmp_path: Path, suffix: str) -> None:
    rows = flat_rows()
    found = whole(WRITERS[suffix](tmp_path / f"log{suffix}", rows))
    assert found.action.tolist() == [row["arm"] for row in rows]
    assert found.propensity is not None
    assert found.propensity.tolist() == [row["pscore"] for row in rows]
    assert found.reward.tolist() == [row["reward"] for row in rows]
    assert found.unit is not None
    assert found.unit[7] == "c7"
    assert found.at is not None
    assert found.at[1] - found.at[0] == 1.0
    assert list(found.targets) == ["target_prob"]


def test_a_large_file_comes_in_chunks_with_row_numbers(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "log.parquet", flat_rows(3000))
    chunks = list(open_flat(path))
    assert sum(map(len, chunks)) == 3000
    assert [c.first_row for c in chunks] == np.cumsum([0, *map(len, chunks)])[:-1].tolist()


def test_a_folder_is_one_log(tmp_path: Path) -> None:
    rows = flat_rows(90)
    write_csv(tmp_path / "1.csv", rows[:40])
    write_jsonl(tmp_path / "2.jsonl", rows[40:])
    source = open_flat(tmp_path)
    assert len(source) == 90
    assert [chunk.first_row for chunk in source] == [0, 40]


def test_compressed_files_are_read(tmp_path: Path) -> None:
    for suffix in (".csv", ".jsonl"):
        plain = WRITERS[suffix](tmp_path / f"log{suffix}", flat_rows(30))
        packed = tmp_path / f"log{suffix}.gz"
        packed.write_bytes(gzip.compress(plain.read_bytes()))
        assert len(whole(packed)) == 30


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators_are_told(tmp_path: Path, separator: str) -> None:
    path = write_csv(tmp_path / "log.csv", flat_rows(20))
    path.write_text(path.read_text().replace(",", separator))
    assert len(whole(path)) == 20


def test_lines_are_counted_with_and_without_a_last_newline(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "log.csv", flat_rows(20))
    assert count_rows(path) == 20
    path.write_text(path.read_text().rstrip())
    assert count_rows(path) == 20


def test_empty_cells_are_missing_and_not_zero(tmp_path: Path) -> None:
    for value in (None, "", "NaN", "null"):
        rows = spoil(flat_rows(20), "reward", [3], value)
        for suffix in (".csv", ".jsonl"):
            found = whole(WRITERS[suffix](tmp_path / f"log{suffix}", rows))
            assert np.flatnonzero(np.isnan(found.reward)).tolist() == [3]


def test_times_may_be_numbers_of_any_unit(tmp_path: Path) -> None:
    for scale in (1, 1000, 1_000_000):
        rows = [{**row, "time": 1_767_225_600 * scale} for row in flat_rows(5)]
        found = whole(write_csv(tmp_path / "log.csv", rows))
        assert found.at is not None
        assert found.at[0] == 1_767_225_600.0


@pytest.mark.parametrize("suffix", WRITERS)
def test_a_word_in_a_number_column_names_row_and_remedy(tmp_path: Path, suffix: str) -> None:
    rows = flat_rows(50)
    if suffix == ".parquet":
        rows = [{**row, "pscore": str(row["pscore"])} for row in rows]
    path = WRITERS[suffix](tmp_path / f"log{suffix}", spoil(rows, "pscore", [17], "email"))
    with pytest.raises(LogError, match=r"row 17 .*'pscore' is 'email'.*number.*shifted"):
        whole(path)


def test_a_line_with_other_cells_names_row_and_line(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "log.csv", flat_rows(20))
    lines = path.read_text().splitlines()
    lines[8] += ",more"
    path.write_text("\n".join(lines))
    with pytest.raises(LogError, match=r"row 7 .* \(line 9\) has 9 cells and the header 8; quote"):
        whole(path)


def test_a_line_that_is_no_json_is_named(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "log.jsonl", flat_rows(20))
    path.write_text(path.read_text()[:-30])
    with pytest.raises(LogError, match=r"line 20 .* no JSON object"):
        whole(path)


def test_a_cut_off_parquet_file_is_refused(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "log.parquet", flat_rows(100))
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(LogError, match="damaged or cut off: write it again"):
        open_flat(path)


@pytest.mark.parametrize("name", ["log.csv", "log.jsonl", "log.parquet", "log"])
def test_binary_garbage_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(np.random.default_rng(1).bytes(5000))
    with pytest.raises(LogError, match=r"binary|not Parquet"):
        open_flat(path)


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes("arm,reward\nBär,1\n".encode("latin-1"))
    with pytest.raises(LogError, match="UTF-8"):
        whole(path)


@pytest.mark.parametrize("content", ["", "  \n", "arm,reward\n"])
def test_a_file_without_a_row_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "log.csv"
    path.write_text(content)
    with pytest.raises(LogError, match=r"empty|no decision"):
        open_flat(path)


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("arm,reward,reward\na,1,2\n")
    with pytest.raises(LogError, match="two columns named 'reward'"):
        open_flat(path)


def test_a_map_that_names_no_column_is_refused_with_the_nearest(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "log.csv", flat_rows(5))
    with pytest.raises(InputError, match=r"no column 'rewards'.*did you mean 'reward'"):
        open_flat(path, ColumnMap("arm", "rewards"))


def test_a_path_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="does not exist"):
        open_flat(tmp_path / "nothing.csv")
    with pytest.raises(LogError, match="holds no log file"):
        open_flat(tmp_path)


def test_what_a_file_holds_counts_and_not_its_name(tmp_path: Path) -> None:
    assert file_kind(write_jsonl(tmp_path / "log.csv", flat_rows(5))) == "jsonl"


def test_more_segments_and_targets_are_read_when_asked_for(tmp_path: Path) -> None:
    source = open_flat(write_csv(tmp_path / "log.csv", flat_rows(9))).with_segments(["tier"])
    (chunk,) = source.with_target("pscore").with_features(["reward"])
    assert set(chunk.segments["tier"]) == {"high", "low"}
    assert set(chunk.targets) == {"target_prob", "pscore"}
    assert chunk.features.shape == (9, 1)
    with pytest.raises(InputError, match=r"no column 'tear'.*'tier'"):
        source.with_segments(["tear"])


def test_rows_can_be_taken_and_joined(tmp_path: Path) -> None:
    found = whole(write_csv(tmp_path / "log.csv", flat_rows(9)))
    half = found.take(np.arange(9) % 2 == 0)
    assert len(join_flat([half, half])) == 10
    with pytest.raises(LogError, match="reward has 3 rows; 9 needed"):
        replace(found, reward=np.zeros(3))
    with pytest.raises(LogError, match="holds no decision"):
        join_flat([])


def test_a_whole_table_is_read_by_its_own_names(tmp_path: Path) -> None:
    table = table_columns(write_csv(tmp_path / "t.csv", flat_rows(9)))
    assert table.numbers("pscore").shape == (9,)
    assert table.texts("event_id")[8] == "d8"
