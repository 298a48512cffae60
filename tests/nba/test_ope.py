"""Offline evaluation from Python in three lines: any log, any target, an answer in words."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nba import ope
from nba.errors import InputError, LogError
from nba.evaluate.decision_evaluation import LogTarget
from nba.listen.foreign import FlatSource
from nba.listen.log import write_log
from nba.listen.log_source import LogSource
from nba.types import DecisionLog
from tests.flat_files import flat_rows, write_csv, write_jsonl
from tests.planted_log import draw_log, make_world

PLANTED = draw_log(make_world(np.random.default_rng(1)), 4000, np.random.default_rng(2))


@pytest.fixture
def flat(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "log.csv", flat_rows(3000, lift=0.3))


def test_three_lines_answer(flat: Path) -> None:
    log = ope.open_log(flat)
    assert ope.check(log).usable
    answer = ope.run(log, "target_prob")
    assert answer.promote
    said = str(answer)
    assert "3,000 of 3,000 rows used" in said
    assert "PROMOTE" in said
    assert "target_prob − logging" in said


def test_a_path_alone_will_do(flat: Path) -> None:
    assert ope.run(flat, "target_prob").source == str(flat)
    assert ope.check(flat).rows == 3000


def test_a_map_may_be_a_dict_a_file_or_a_proposal(flat: Path, tmp_path: Path) -> None:
    names = {"action": "arm", "reward": "reward", "propensity": "pscore"}
    (tmp_path / "map.json").write_text(json.dumps(names))
    for given in (names, tmp_path / "map.json", str(tmp_path / "map.json")):
        log = ope.open_log(flat, given)
        assert isinstance(log, FlatSource)
        assert not log.proposed
        assert log.names.unit == ""
    proposed = ope.open_log(flat)
    assert isinstance(proposed, FlatSource)
    assert proposed.proposed
    assert proposed.names.unit == "customer"


def test_a_decision_log_answers_as_core_does(tmp_path: Path) -> None:
    write_log(tmp_path / "log", PLANTED.log)
    source = ope.open_log(tmp_path / "log")
    assert isinstance(source, LogSource)
    with pytest.raises(InputError, match=r"read in parts; .* open_log\(path\).read\(\)"):
        ope.run(source, LogTarget("planted", PLANTED.target))
    log = source.read()
    answer = ope.run(log, LogTarget("planted", PLANTED.target), by=["tier"])
    value = next(e.value for _, e in answer.estimates if e.method == "dr")
    world = make_world(np.random.default_rng(1))
    error = next(e.std_error for _, e in answer.estimates if e.method == "dr")
    assert abs(value - world.truth) < 4 * error
    assert sum(s.rows for s in answer.segments.values()) == 4000
    assert answer.calibration
    assert sum(t.rows for t in answer.calibration) == 4000


def test_uniform_is_a_target_of_every_log() -> None:
    answer = ope.run(PLANTED.log, "uniform", baseline=LogTarget("planted", PLANTED.target))
    assert (answer.policy, answer.against) == ("uniform", "planted")
    with pytest.raises(InputError, match="both 'uniform'"):
        ope.run(PLANTED.log, "uniform", baseline="uniform")


def test_a_data_frame_answers_as_its_file_does(flat: Path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = ope.open_frame(pandas.read_csv(flat))
    mine, other = ope.run(frame, "target_prob"), ope.run(flat, "target_prob")
    assert mine.difference.value == pytest.approx(other.difference.value, rel=1e-12)
    assert mine.difference.std_error == pytest.approx(other.difference.std_error, rel=1e-12)


def test_levers_change_the_reward_and_not_the_rows(tmp_path: Path) -> None:
    rows = [
        {**row, "resolved": i % 2, "waited": 60.0 * (row["arm"] == "a")}
        for i, row in enumerate(flat_rows(500))
    ]
    names = {
        "action": "arm",
        "propensity": "pscore",
        "outcomes": {"resolved": "resolved", "wait_s": "waited"},
        "weights": {"resolved": 2.0, "wait_s": -0.01},
    }
    log = ope.open_log(write_csv(tmp_path / "log.csv", rows), names)
    before, after = ope.run(log, "always:a"), ope.run(log, "always:a", levers={"wait_s": 0.0})
    told = {e.method: e.value for _, e in before.estimates}["snips"]
    without = {e.method: e.value for _, e in after.estimates}["snips"]
    assert without - told == pytest.approx(0.6, rel=1e-9)
    with pytest.raises(InputError, match="no component 'mood'"):
        ope.run(log, "always:a", levers={"mood": 1.0})


def test_levers_of_a_decision_log_need_components() -> None:
    with pytest.raises(LogError, match="--lever has nothing to weigh"):
        ope.run(replace(PLANTED.log, outcomes={}), "uniform", levers={"wait_s": 0.0})
    resolved = ope.run(PLANTED.log, "uniform", levers={"resolved": 2.0})
    assert resolved.logging.value == pytest.approx(2.0 * PLANTED.log.reward.mean())


def test_a_sample_takes_about_so_many_rows_and_the_same_each_time(flat: Path) -> None:
    answer = ope.run(flat, "target_prob", sample=1000)
    assert 850 < answer.check.used < 1150
    again = ope.run(flat, "target_prob", sample=1000)
    assert again.difference.value == answer.difference.value
    assert ope.run(PLANTED.log, "uniform", sample=500).check.used < 620
    with pytest.raises(InputError, match="--sample is 0"):
        ope.run(flat, "target_prob", sample=0)


def test_power_tells_fewer_rows_for_a_greater_lift(flat: Path) -> None:
    small, large = (ope.power(flat, lift, target="target_prob") for lift in ("1%", "5%"))
    assert small.rows == pytest.approx(25 * large.rows, rel=1e-6)
    assert small.lift == pytest.approx(0.01 * small.mean)
    assert "half and half" in str(small)
    far = draw_log(
        make_world(np.random.default_rng(1), sharpness=4.0), 4000, np.random.default_rng(2)
    )
    found = ope.power(far.log, "2%", target=LogTarget("planted", far.target))
    assert found.by_share is not None
    assert found.by_share.rows[0.5] < found.by_share.rows[0.0]
    for lift in ("0%", "-1", "much", "nan"):
        with pytest.raises(InputError, match="--lift is"):
            ope.power(flat, lift, target="target_prob")


def test_dsjson_is_known_by_its_first_line(tmp_path: Path) -> None:
    event = {
        "_label_cost": -1.0, "_label_probability": 0.8, "_label_Action": 2, "EventId": "e",
        "Timestamp": "2026-01-01T00:00:00.5000000Z", "a": [2, 1], "p": [0.8, 0.2],
        "c": {"User": {"age": 3}, "_multi": [{"Topic": {"sport": 1}}, {"Topic": {"news": 1}}]},
    }  # fmt: skip
    log = ope.open_log(write_jsonl(tmp_path / "log.json", [event]))
    assert isinstance(log, DecisionLog)
    assert (log.chosen[0], log.propensity[0], log.reward[0]) == (1, 0.8, 1.0)


def test_missing_propensities_are_refused_or_estimated_and_marked(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=4000)
    taken = rng.random(4000) < 1 / (1 + np.exp(-x))
    reward = 1.0 + x + 0.5 * taken + rng.normal(0, 0.5, 4000)
    rows = [
        {"arm": "ab"[int(t)], "reward": r, "x": f} for t, r, f in zip(taken, reward, x, strict=True)
    ]
    log = ope.open_log(write_csv(tmp_path / "log.csv", rows))
    with pytest.raises(LogError, match=r"no propensity column.*--estimate-propensities"):
        ope.run(log, "always:b")
    answer = ope.run(log, "always:b", baseline=None, features=["x"])
    naive = reward[taken].mean()
    value = {e.method: e for _, e in answer.estimates}["snips"]
    assert abs(value.value - 1.5) < 0.15 < abs(naive - 1.5)
    assert value.diagnostics["propensity_estimated"] == 1.0
    assert any("ESTIMATED" in note for note in answer.notes)
