"""Cells become columns by the map; what cannot be read is named by row."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import numpy as np
import pytest

from nba.errors import InputError, LogError
from nba.listen.column_map import ColumnMap, make_map
from nba.listen.flat_log import FlatLog
from nba.listen.flat_rows import ObjectColumns, flat_log, seconds


def read(names: ColumnMap | None = None, **columns: Sequence[object]) -> FlatLog:
    usual: dict[str, Sequence[object]] = {"arm": ["a", "b"], "reward": [1, 2]}
    return flat_log(
        ObjectColumns({**usual, **columns}, "a list", 10), names or ColumnMap("arm", "reward")
    )


def test_what_is_not_there_is_none_and_not_invented() -> None:
    log = read()
    absent = (log.propensity, log.unit, log.at, log.n_actions, log.policy_version, log.opted_out)
    assert absent == (None,) * 6
    assert (log.targets, log.segments, log.features.size) == ({}, {}, 0)
    assert log.first_row == 10


def test_outcome_components_are_weighed_into_the_reward() -> None:
    names = make_map(
        {
            "action": "arm",
            "outcomes": {"resolved": "ok", "wait_s": "w"},
            "weights": {"resolved": 7, "wait_s": -0.01},
        }
    )
    log = read(names, ok=[1, 0], w=[100.0, None])
    assert log.reward[0] == 6.0
    assert np.isnan(log.reward[1])
    usual = make_map({"action": "arm", "outcomes": {"resolved": "ok"}})
    assert read(usual, ok=[1, 0]).reward.tolist() == [7.0, 0.0]
    unknown = make_map({"action": "arm", "outcomes": {"mood": "ok"}})
    with pytest.raises(InputError, match="component 'mood' has no weight; give the map"):
        read(unknown, ok=[1, 0])


def test_opt_outs_are_yes_or_no_and_nothing_else() -> None:
    names = ColumnMap("arm", "reward", opt_out="out")
    for yes, no in ((True, False), ("yes", "no"), (1, 0), ("TRUE", "")):
        found = read(names, out=[yes, no]).opted_out
        assert found is not None
        assert found.tolist() == [True, False]
    with pytest.raises(LogError, match=r"row 11 .*'out' is 'maybe'; true or false"):
        read(names, out=["no", "maybe"])


def test_counts_are_whole_numbers() -> None:
    names = ColumnMap("arm", "reward", n_actions="k")
    found = read(names, k=[3, "4"]).n_actions
    assert found is not None
    assert found.tolist() == [3, 4]
    for value in (2.5, None):
        with pytest.raises(LogError, match=r"row 11 .*'k' is .*a whole number"):
            read(names, k=[3, value])


def test_times_are_seconds_whatever_they_were() -> None:
    names = ColumnMap("arm", "reward", timestamp="t")
    at = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    for value in ("2026-01-01T00:00:00Z", date(2026, 1, 1), datetime(2026, 1, 1), at, at * 1e3):  # noqa: DTZ001 a naive time counts as UTC
        assert read(names, t=[value, value]).at == pytest.approx([at, at])
    with pytest.raises(LogError, match=r"row 10 .*'t' is 'soon'; a time"):
        read(names, t=["soon", at])
    stamps = np.array(["2026-01-01", "NaT"], dtype="datetime64[ns]")
    assert ObjectColumns({"t": stamps}, "an array").times("t")[0] == at


@pytest.mark.parametrize("scale", [1.0, 1e3, 1e6, 1e9])
def test_the_unit_of_a_time_is_told_by_its_size(scale: float) -> None:
    assert seconds(np.array([1.7e9 * scale, np.nan]))[0] == pytest.approx(1.7e9)


def test_decimal_commas_are_told_as_such() -> None:
    with pytest.raises(LogError, match=r"'reward' is '1,5'; .* with a decimal point"):
        read(reward=["1,5", "2"])


def test_whole_numbers_as_names_have_no_decimal_point() -> None:
    log = read(arm=[3.0, 4], reward=["1", " 2 "])
    assert log.action.tolist() == ["3", "4"]
    assert log.reward.tolist() == [1.0, 2.0]
