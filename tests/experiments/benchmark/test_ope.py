"""The `ope` benchmark: our side works as it is measured, and an absent peer is said to be."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from experiments.benchmark import ope, ope_streams, own_ope
from experiments.benchmark.peer_obp import NAMES, draw, draw_high_rewards
from nba.evaluate.stream import stream_columns


def test_without_the_peer_its_figures_are_frozen_and_said_to_be() -> None:
    rows = ope.compare_with_peer(None, n=2000, actions=(20,), logs=20)
    assert [row.metric for row in rows] == [
        "rows estimated",
        "peak memory",
        "resamples",
        "interval width",
    ]
    for row in rows:
        assert row.peer == "obp 0.5.7"
        assert "frozen from an earlier run" in row.settings
        assert row.ratio is not None
        assert row.ratio > 0


def test_our_side_prints_one_object() -> None:
    command = [sys.executable, "-m", "experiments.benchmark.own_ope", "time", "2000", "5", "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert len(told["seconds"]) == own_ope.ROUNDS
    assert told["peak_bytes"] > 10_000_000


def test_the_recipe_gives_the_same_arrays_again() -> None:
    first, again, other = draw(50, 4, 1), draw(50, 4, 1), draw(50, 4, 2)
    for name in first._fields:
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    assert not np.array_equal(first.reward, other.reward)
    np.testing.assert_allclose(first.target.sum(axis=1), 1.0)
    assert set(own_ope.values(first)) == set(NAMES)


def test_the_self_normalised_interval_is_narrow_where_rewards_are_high_and_still_holds() -> None:
    widths, held = own_ope.snips_intervals(2000, 1000)
    assert 0.93 <= held <= 0.97
    # obp 0.5.7 gives .146 (median of 50 logs of this recipe): it freezes the denominator.
    assert np.median(widths) <= 0.55 * 0.146


def test_high_rewards_have_the_value_that_is_told() -> None:
    arrays, truth = draw_high_rewards(200_000, 1)
    target = arrays.target[0]
    means = [arrays.reward[arrays.chosen == k].mean() for k in range(5)]
    assert target @ means == pytest.approx(truth, abs=0.005)


def test_a_written_log_streams_to_its_rows(tmp_path: Path) -> None:
    ope_streams.write_rows(tmp_path / "log.parquet", 3000)
    found = stream_columns(tmp_path, ope_streams.COLUMNS)
    assert found.statistics("new").total("n") == 3000


def test_generated_shards_are_all_counted() -> None:
    found = ope_streams.sum_generated(2500, part=1000)
    assert found.total("n") == 2500
    assert found.total("w") / 2500 == pytest.approx(1.0, abs=0.1)


def test_scoring_is_measured() -> None:
    assert ope_streams.scoring_rate(300) > 0
    assert ope_streams.model_rate(300) > 0
