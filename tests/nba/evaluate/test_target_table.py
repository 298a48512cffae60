"""A target as a table of probabilities or scores by decision and action."""

from pathlib import Path

import numpy as np
import pytest

from nba.errors import InputError
from nba.evaluate.flat_evaluation import evaluate_flat
from nba.evaluate.target_table import read_target_table
from nba.listen.foreign import open_flat
from tests.flat_files import WRITERS, Rows, flat_rows, write_csv
from tests.planted_log import draw_log, make_world

PLANTED = draw_log(make_world(np.random.default_rng(1)), 300, np.random.default_rng(2))


def rows_of(values: list[float], name: str) -> Rows:
    log = PLANTED.log
    ids = np.repeat(log.decision_id, np.diff(log.offsets))
    pairs = zip(ids, log.action_ids, values, strict=True)
    return [{"decision_id": d, "action": a, name: v} for d, a, v in pairs]


@pytest.mark.parametrize("suffix", WRITERS)
def test_probabilities_come_back_in_the_logs_order(tmp_path: Path, suffix: str) -> None:
    rows = rows_of(PLANTED.target.tolist(), "probability")
    path = WRITERS[suffix](tmp_path / f"new{suffix}", rows[::-1])
    table = read_target_table(path)
    assert table.name == "new"
    np.testing.assert_array_equal(table.of_log(PLANTED.log), PLANTED.target)


def test_of_scores_the_best_takes_all_and_ties_share(tmp_path: Path) -> None:
    rows: Rows = [
        {"decision_id": "d", "action": name, "score": score}
        for name, score in (("a", 1.0), ("b", 3.0), ("c", 3.0))
    ]
    path = write_csv(tmp_path / "t.csv", rows)
    assert list(read_target_table(path).probability.values()) == [0.0, 0.5, 0.5]
    soft = list(read_target_table(path, temperature=2.0).probability.values())
    assert soft[1] / soft[0] == pytest.approx(np.exp(1.0))
    assert sum(soft) == pytest.approx(1.0)


def test_a_flat_log_looks_its_own_actions_up(tmp_path: Path) -> None:
    rows = flat_rows(400, lift=0.3)
    table: Rows = [
        {"event_id": row["event_id"], "action": arm, "probability": p}
        for row in rows
        for arm, p in (("a", 0.9), ("b", 0.1))
    ]
    target = read_target_table(write_csv(tmp_path / "new.csv", table)).flat()
    log = open_flat(write_csv(tmp_path / "log.csv", rows))
    answer = evaluate_flat(log, target)
    assert answer.policy == "new"
    shares = {s.action: s.target for s in answer.overlap}
    assert shares == pytest.approx({"a": 0.9, "b": 0.1}, abs=0.03)  # 400 rows: .025 of error
    some = read_target_table(write_csv(tmp_path / "part.csv", table[:-2])).flat()
    with pytest.raises(InputError, match=r"no row for decision 'd399' \(row 399\)"):
        evaluate_flat(log, some)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("d", "a", 0.7), ("d", "b", 0.7)], r"row 0 .* a total probability of 1.4"),
        ([("d", "a", -0.2), ("d", "b", 0.7)], r"row 0 .* a probability of -0.2"),
        ([("d", "a", "nan"), ("d", "b", 0.7)], r"row 0 .* a probability of nan"),
        ([("d", "a", 0.2), ("d", "a", 0.7)], r"'d' with action 'a' twice"),
    ],
)
def test_a_faulty_table_is_refused_with_its_row(
    tmp_path: Path, rows: list[tuple[object, ...]], said: str
) -> None:
    names = ("decision_id", "action", "probability")
    path = write_csv(tmp_path / "t.csv", [dict(zip(names, row, strict=True)) for row in rows])
    with pytest.raises(InputError, match=said):
        read_target_table(path)


def test_a_table_without_its_columns_is_refused(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "t.csv", [{"decision_id": "d", "action": "a", "x": 1}])
    with pytest.raises(InputError, match=r"no column 'score'; a table of a target has"):
        read_target_table(path)


def test_a_table_that_leaves_out_logged_actions_is_refused(tmp_path: Path) -> None:
    rows = rows_of(PLANTED.target.tolist(), "probability")
    table = read_target_table(write_csv(tmp_path / "t.csv", rows[1:]))
    with pytest.raises(InputError, match=r"decision 'decision-0' \(row 0\) a total probability"):
        table.of_log(PLANTED.log)
