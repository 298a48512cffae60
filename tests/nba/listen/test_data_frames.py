"""Data frames of pandas and polars as logs, with their missing values and times."""

import numpy as np
import pytest

from nba.errors import InputError, LogError
from nba.listen.column_map import ColumnMap
from nba.listen.data_frames import frame_chunks, frame_log, frame_names
from tests.flat_files import flat_rows, spoil

ROWS = spoil(flat_rows(50), "reward", [3], None)


def check_it(frame: object) -> None:
    found = frame_log(frame)  # type: ignore[arg-type]  # pandas and polars type it otherwise
    assert found.action.tolist() == [row["arm"] for row in ROWS]
    assert np.flatnonzero(np.isnan(found.reward)).tolist() == [3]
    assert found.at is not None
    assert np.diff(found.at).tolist()[:9] == [1.0] * 9


def test_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(ROWS)
    check_it(frame)
    check_it(frame.assign(time=pandas.to_datetime(frame.time)))
    check_it(frame.assign(arm=frame.arm.astype("category")))


def test_polars() -> None:
    polars = pytest.importorskip("polars")
    check_it(polars.DataFrame(ROWS))


def test_chunks_are_numbered_through() -> None:
    pandas = pytest.importorskip("pandas")
    names = ColumnMap("arm", "reward")
    parts = list(frame_chunks(pandas.DataFrame(ROWS), names, rows=20))
    assert [(part.first_row, len(part)) for part in parts] == [(0, 20), (20, 20), (40, 10)]


def test_faults_name_the_row_or_the_column() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(spoil(ROWS, "pscore", [7], "email"))
    with pytest.raises(LogError, match="row 7 of the data frame: column 'pscore' is 'email'"):
        frame_log(frame)
    with pytest.raises(InputError, match=r"no column 'armm'.*'arm'"):
        frame_log(frame, {"action": "armm", "reward": "reward"})
    with pytest.raises(InputError, match="a list is no data frame"):
        frame_names([1, 2])  # type: ignore[arg-type]  # the mistake
