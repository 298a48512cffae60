"""The check of a flat log: every bad input by row and remedy, and what a reader should know."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nba.errors import LogError
from nba.evaluate.check import LogCheck
from nba.evaluate.flat_check import FlatCheck, check_flat
from nba.evaluate.flat_evaluation import column_target, evaluate_flat
from nba.listen.column_map import ColumnMap
from nba.listen.flat_log import FlatLog
from nba.listen.foreign import open_flat
from tests.flat_files import WRITERS, Rows, flat_rows, spoil, write_csv

FAULTS = [
    ("pscore", [17, 23], "nan", "propensity missing", "log the probability"),
    ("pscore", [17], 0.0, r"propensity outside \(0, 1\], it is 0", "column shifted"),
    ("pscore", [17, 18, 19], 1.5, r"propensity outside \(0, 1\], it is 1.5", "per cent"),
    ("pscore", [17], -0.1, r"propensity outside \(0, 1\], it is -0.1", "shifted"),
    ("reward", [17], "inf", "reward infinite, it is inf", "finite number"),
    ("event_id", [17, 40], "d3", "decision repeated, its id is 'd3'", "one row per decision"),
    ("arm", [17], "", "action missing", "every decision took an action"),
]


def log_of(*columns: Sequence[float], **more: object) -> FlatLog:
    propensity, reward = (np.array(values, dtype=np.float64) for values in columns)
    action = np.array(["a"] * len(reward), dtype=object)
    return FlatLog(action, propensity, reward, **more)  # type: ignore[arg-type]  # tests say what


def checked(path: Path, names: ColumnMap | None = None) -> LogCheck:
    return check_flat(open_flat(path, names))


def written(folder: Path, rows: Rows) -> Path:
    return write_csv(folder / "log.csv", rows)


@pytest.mark.parametrize("suffix", WRITERS)
def test_a_sound_log_is_usable_in_full(tmp_path: Path, suffix: str) -> None:
    found = checked(WRITERS[suffix](tmp_path / f"log{suffix}", flat_rows()))
    assert found.usable
    assert (found.rows, found.used, dict(found.dropped)) == (400, 400, {})
    assert found.propensity == "present"
    assert found.notes == ()


@pytest.mark.parametrize(("column", "rows", "value", "said", "remedy"), FAULTS)
def test_every_fault_is_counted_and_refused_with_row_and_remedy(
    tmp_path: Path, column: str, rows: list[int], value: object, said: str, remedy: str
) -> None:
    path = written(tmp_path, spoil(flat_rows(), column, rows, value))
    found = checked(path)
    assert not found.usable
    ((reason, numbers),) = found.dropped.items()
    assert numbers.tolist() == rows
    assert found.used == 400 - len(rows)
    assert said.startswith(reason.partition(" (")[0])
    with pytest.raises(LogError, match=rf"row 17.*{said};.*{remedy}"):
        evaluate_flat(open_flat(path), column_target("target_prob"))


def test_shifted_columns_are_refused(tmp_path: Path) -> None:
    rows = flat_rows(50)
    names = list(rows[0])
    moved = [dict(zip(names[1:] + names[:1], row.values(), strict=True)) for row in rows]
    with pytest.raises(LogError, match=r"row 0 .*needed: is the column shifted"):
        checked(written(tmp_path, moved))


def test_missing_rewards_are_left_out_and_are_no_fault(tmp_path: Path) -> None:
    found = checked(written(tmp_path, spoil(flat_rows(), "reward", [3, 50], None)))
    assert found.usable
    assert found.used == 398
    assert found.dropped["reward missing"].tolist() == [3, 50]


def test_customers_who_opted_out_are_removed_before_all_else(tmp_path: Path) -> None:
    rows = [{**row, "opt_out": i in (2, 9)} for i, row in enumerate(flat_rows())]
    rows = spoil(rows, "pscore", [9], 7.0)
    found = checked(written(tmp_path, rows))
    assert found.usable
    assert found.dropped["opted out"].tolist() == [2, 9]


def test_thousands_of_faults_are_counted_and_the_first_are_numbered() -> None:
    seen = FlatCheck()
    for first in (0, 3000):
        seen.update(log_of([2.0] * 3000, [1.0] * 3000, first_row=first))
    found = seen.result()
    (numbers,) = found.dropped.values()
    assert found.count("propensity outside (0, 1]") == 6000
    assert numbers.tolist() == list(range(1000))


def test_an_id_repeated_in_another_chunk_is_found() -> None:
    ids = np.array([f"d{i}" for i in range(2000)], dtype=object)
    seen = FlatCheck()
    one, two = [0.5] * 2000, [1.0] * 2000
    seen.update(log_of(one, two, decision_id=ids))
    again = ids.copy()
    again[:] = [f"e{i}" for i in range(2000)]
    again[1500] = "d7"
    seen.update(log_of(one, two, decision_id=again, first_row=2000))
    assert seen.result().dropped["decision repeated"].tolist() == [3500]


def test_an_absent_optional_column_crashes_nothing(tmp_path: Path) -> None:
    rows: Rows = [{"arm": row["arm"], "reward": row["reward"]} for row in flat_rows()]
    found = checked(written(tmp_path, rows))
    assert found.usable
    assert found.propensity == "missing"
    assert any("no propensity" in note for note in found.notes)


def test_the_propensity_column_is_described() -> None:
    assert check_flat([log_of([0.5] * 9, [1.0] * 9)]).propensity == "constant"
    assert check_flat([log_of([np.nan] * 9, [1.0] * 9)]).propensity == "missing"
    assert check_flat([log_of([0.5, 2.0], [1.0] * 2)]).propensity == "faulty"


@pytest.mark.parametrize(("factor", "said"), [(0.4, "too small"), (1.3, "too large")])
def test_propensities_off_by_a_factor_are_told_by_their_mean_weight(
    factor: float, said: str
) -> None:
    rng = np.random.default_rng(4)
    p = np.array([0.1, 0.2, 0.7])
    taken = rng.choice(3, 5000, p=p)
    k = np.full(5000, 3)
    right = log_of(p[taken].tolist(), [1.0] * 5000, n_actions=k)
    wrong = log_of((p[taken] * factor).tolist(), [1.0] * 5000, n_actions=k)
    names = taken.astype(str).astype(object)
    assert check_flat([replace(right, action=names)]).notes == ()
    assert any(said in note for note in check_flat([replace(wrong, action=names)]).notes)


def test_several_loggers_and_rows_out_of_time_are_noted() -> None:
    who = np.array(["old"] * 3 + ["new"] * 6, dtype=object)
    at = np.arange(9.0)[::-1].copy()
    found = check_flat([log_of([0.5] * 9, [1.0] * 9, policy_version=who, at=at)])
    assert found.loggers == {"new": 6, "old": 3}
    assert any("2 policies" in note for note in found.notes)
    assert any("not in the order of time" in note for note in found.notes)


def test_a_reward_that_drifts_is_noted_and_a_steady_one_is_not() -> None:
    noise = np.random.default_rng(2).normal(size=9000)
    p = [0.5] * 9000
    assert check_flat([log_of(p, noise.tolist())]).notes == ()
    (note,) = check_flat([log_of(p, (noise + np.arange(9000) / 9000).tolist())]).notes
    assert note.startswith("the reward drifts")


def test_late_rewards_are_noted() -> None:
    reward = np.ones(3000)
    reward[2500:] = np.nan
    at = np.arange(3000.0)
    found = check_flat([log_of([0.5] * 3000, reward.tolist(), at=at, rewarded_at=at + 7200)])
    assert any("rewards come late" in note for note in found.notes)
    assert any("2.0 hours (median)" in note for note in found.notes)


def test_a_reward_before_its_decision_is_a_fault() -> None:
    at = np.arange(9.0)
    found = check_flat([log_of([0.5] * 9, [1.0] * 9, at=at, rewarded_at=at - 1)])
    assert not found.usable
