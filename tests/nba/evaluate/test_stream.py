"""Streamed columns: equal to the log in memory, in any order of shards; bad rows are named."""

from pathlib import Path

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from nba.errors import InputError, LogError
from nba.evaluate.comparison import Comparison, compare
from nba.evaluate.doubly_robust import dr
from nba.evaluate.estimators import ESTIMATORS, WITHOUT_MODEL, SumEstimator
from nba.evaluate.stream import BATCH, LogColumns, list_shards, stream_columns, sum_shard
from nba.evaluate.weighting import ips
from nba.listen.blocks import chosen_flat
from nba.types import Estimate, Floats
from tests.planted_log import draw_log, make_world

WORLD = make_world(np.random.default_rng(1), rows_per_unit=3, unit_effect=1.0)
PLANTED = draw_log(WORLD, 4000, np.random.default_rng(2))
LOG = PLANTED.log
MODEL = 0.7 * PLANTED.mean_reward
COLUMNS = LogColumns(
    {"new": "p_new", "old": "p_old"},
    reward="gain",
    propensity="p_log",
    unit="customer",
    predicted="q",
    values={"new": "v_new", "old": "v_old"},
    segments=("tier",),
)
WHOLE = compare(
    LOG, {"new": PLANTED.target, "old": PLANTED.logging}, segments=["tier"], predictions=MODEL
)


def table() -> pa.Table:
    chosen = chosen_flat(LOG)
    starts = LOG.offsets[:-1]
    return pa.table(
        {
            "customer": pa.array(LOG.unit, pa.string()),
            "gain": LOG.reward,
            "p_log": LOG.propensity,
            "p_new": PLANTED.target[chosen],
            "p_old": PLANTED.logging[chosen],
            "q": MODEL[chosen],
            "v_new": np.add.reduceat(PLANTED.target * MODEL, starts),
            "v_old": np.add.reduceat(PLANTED.logging * MODEL, starts),
            "tier": pa.array(LOG.segments["tier"], pa.string()),
            "features": pa.array([[1.0, 2.0]] * len(LOG)),
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log in three files of several row groups."""
    path = tmp_path_factory.mktemp("log")
    for place, start in enumerate((0, 1500, 1700)):
        stop = (1500, 1700, 4000)[place]
        part = table().slice(start, stop - start)
        pq.write_table(part, path / f"part-{place}.parquet", row_group_size=400)
    return path


def numbers(estimate: Estimate) -> Floats:
    return np.array([estimate.value, estimate.std_error, estimate.low, estimate.high, estimate.ess])


def check_equal(mine: Comparison, theirs: Comparison, estimator: SumEstimator) -> None:
    assert mine.segments == theirs.segments
    for segment in ("", *theirs.segments):
        np.testing.assert_allclose(
            numbers(mine.estimate("new", estimator, segment=segment)),
            numbers(theirs.estimate("new", estimator, segment=segment)),
            rtol=1e-12,
            atol=1e-12,
        )
    np.testing.assert_allclose(
        numbers(mine.difference("new", "old", estimator)),
        numbers(theirs.difference("new", "old", estimator)),
        rtol=1e-12,
        atol=1e-12,
    )


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: e.name)
def test_a_streamed_log_is_the_log_in_memory(folder: Path, estimator: SumEstimator) -> None:
    check_equal(stream_columns(folder, COLUMNS), WHOLE, estimator)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_the_shards_does_not_matter(folder: Path, seed: int) -> None:
    shards = list_shards(folder, COLUMNS)
    assert len(shards) == 4 + 1 + 6
    found = Comparison()
    for place in np.random.default_rng(seed).permutation(len(shards)):
        found.merge(sum_shard(shards[place], COLUMNS))
    check_equal(found, WHOLE, dr)


def test_without_a_unit_every_row_is_a_customer_of_its_own(folder: Path) -> None:
    columns = LogColumns({"new": "p_new"}, reward="gain", propensity="p_log")
    found = stream_columns(folder, columns)
    told = found.estimate("new", ips)
    assert told.value == pytest.approx(WHOLE.estimate("new", ips).value, rel=1e-12)
    assert told.diagnostics["unit_buckets"] > 4096 * 0.55  # 1 - exp(-4000 / 4096) = .62
    assert [e.method for e in found.estimates("new")] == [e.name for e in WITHOUT_MODEL]
    again = stream_columns(folder, columns).estimate("new", ips)
    assert told == again


def test_rows_without_a_reward_are_left_out_and_counted(tmp_path: Path) -> None:
    gain = LOG.reward.copy().tolist()
    gain[:50] = [None] * 50
    changed = table().set_column(1, "gain", pa.array(gain))
    pq.write_table(changed, tmp_path / "log.parquet")
    found = stream_columns(tmp_path / "log.parquet", COLUMNS).estimate("new", dr)
    assert found.diagnostics["rows"] == 3950
    assert found.diagnostics["rows_without_reward"] == 50


def test_more_rows_than_a_batch_are_read_in_several(tmp_path: Path) -> None:
    n = BATCH + 10
    pq.write_table(pa.table({"reward": np.ones(n), "propensity": np.ones(n), "t": np.ones(n)}),
                   tmp_path / "log.parquet", row_group_size=n)  # fmt: skip
    found = stream_columns(tmp_path, LogColumns({"t": "t"}))
    assert found.statistics("t").total("n") == n


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("p_log", 0.0, "p_log of row 1707 .* is 0; the probability above 0"),
        ("p_log", float("nan"), "p_log of row 1707 .* is nan; the probability above 0"),
        ("p_log", 1.7, r"p_log of row 1707 .* is 1\.7;"),
        ("p_new", -0.1, r"p_new of row 1707 .* is -0\.1; a probability"),
        ("p_new", None, "p_new of row 1707 .* is nan; a probability"),
        ("gain", float("inf"), "gain of row 1707 .* is inf; a finite number or nothing"),
        ("q", float("nan"), "q of row 1707 .* is nan; a finite number"),
    ],
)
def test_a_bad_row_is_named_with_its_file(
    tmp_path: Path, column: str, value: float | None, told: str
) -> None:
    values = table()[column].to_pylist()
    values[1707] = value
    place = table().column_names.index(column)
    changed = table().set_column(place, column, pa.array(values, pa.float64()))
    pq.write_table(changed, tmp_path / "log.parquet", row_group_size=500)
    with pytest.raises(LogError, match=told) as caught:
        stream_columns(tmp_path, COLUMNS)
    assert "log.parquet" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bad_files_are_refused(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(LogError, match="does not exist"):
        stream_columns(tmp_path / "nothing", COLUMNS)
    with pytest.raises(LogError, match=r"holds no \.parquet file"):
        stream_columns(tmp_path, COLUMNS)
    with pytest.raises(LogError, match="has no column 'p_best'; it has customer, gain"):
        stream_columns(folder, LogColumns({"best": "p_best"}, reward="gain", propensity="p_log"))
    with pytest.raises(LogError, match=r"column 'tier' of .* is string; numbers are needed"):
        stream_columns(folder, LogColumns({"t": "p_new"}, reward="tier", propensity="p_log"))
    whole = (folder / "part-0.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(LogError, match=r"cut.parquet is not a readable Parquet file"):
        stream_columns(tmp_path, COLUMNS)
    empty = tmp_path / "empty"
    empty.mkdir()
    pq.write_table(table().slice(0, 0), empty / "log.parquet")
    with pytest.raises(LogError, match="holds no row"):
        stream_columns(empty, COLUMNS)


def test_columns_that_do_not_fit_together_are_refused() -> None:
    with pytest.raises(InputError, match="no target column"):
        LogColumns({})
    with pytest.raises(InputError, match="policy 'new' has one of the columns of a model"):
        LogColumns({"new": "p"}, predicted="q")
