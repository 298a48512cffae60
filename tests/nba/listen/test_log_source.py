"""A decision log on disk in parts: the rows of reading it whole, as often as they are asked for."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from nba.errors import LogError
from nba.listen.log import read_log, write_log
from nba.listen.log_source import open_source
from nba.listen.sample import sample_log, sample_share
from tests.planted_log import draw_log, make_world, take_rows

LOG = draw_log(make_world(np.random.default_rng(1)), 900, np.random.default_rng(2)).log


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three parts; the second has no segment and no outcome."""
    for place, rows in enumerate(np.array_split(np.arange(900), 3)):
        part = take_rows(LOG, rows)
        write_log(tmp_path, part if place != 1 else replace(part, segments={}, outcomes={}))
    return tmp_path


def test_its_parts_hold_the_rows_of_the_whole(folder: Path) -> None:
    source, whole = open_source(folder), read_log(folder)
    assert len(source) == 900
    assert [part.first_row for part in source.parts] == [0, 300, 600]
    for _ in range(2):
        read = list(source)
        assert np.concatenate([log.decision_id for log in read]).tolist() == (
            whole.decision_id.tolist()
        )
        tiers = np.concatenate([log.segments["tier"] for log in read])
        assert tiers.tolist() == whole.segments["tier"].tolist()
        resolved = np.concatenate([log.outcomes["resolved"] for log in read])
        np.testing.assert_array_equal(resolved, whole.outcomes["resolved"])


def test_a_change_reaches_every_slice_and_the_whole(folder: Path) -> None:
    sampled = open_source(folder).changed(partial(sample_share, share=1 / 3))
    wanted = sample_log(read_log(folder), 300).decision_id.tolist()
    assert np.concatenate([log.decision_id for log in sampled]).tolist() == wanted
    assert sampled.read().decision_id.tolist() == wanted


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"holds no \.parquet file"):
        open_source(tmp_path)
    (tmp_path / "part.parquet").write_text("no")
    with pytest.raises(LogError, match="not a readable Parquet file"):
        open_source(tmp_path)
