"""`nba ope`: one object on stdout, a verdict in the exit code, one line for a mistake."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nba.act.bundle import Card, save_policy
from nba.act.greedy import Greedy
from nba.act.uniform import Uniform
from nba.cli import main
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.log import write_log
from nba.types import DecisionLog
from nba.understand.reward_model import fit_reward_model
from tests.flat_files import flat_rows, write_csv
from tests.planted_log import SPEC, draw_log, make_world

WORLD = make_world(np.random.default_rng(1))
ESTIMATE_KEYS = {
    "policy",
    "estimator",
    "value",
    "std_error",
    "low",
    "high",
    "interval",
    "ess",
}


@pytest.fixture
def log() -> DecisionLog:
    return draw_log(WORLD, 4000, np.random.default_rng(2)).log


@pytest.fixture
def folder(log: DecisionLog, tmp_path: Path) -> Path:
    write_log(tmp_path / "log", log)
    return tmp_path / "log"


@pytest.fixture
def uniform(tmp_path: Path) -> Path:
    save_policy(tmp_path / "uniform.nba", Uniform(), Card(SPEC))
    return tmp_path / "uniform.nba"


@pytest.fixture
def greedy(tmp_path: Path) -> Path:
    earlier = draw_log(WORLD, 4000, np.random.default_rng(3)).log
    save_policy(tmp_path / "greedy.nba", Greedy(fit_reward_model(earlier)), Card(SPEC))
    return tmp_path / "greedy.nba"


def say(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict[str, object]]:
    code = main(["ope", *[str(argument) for argument in arguments], "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert isinstance(answer, dict)
    return code, answer


def test_a_better_policy_is_promoted(
    capsys: pytest.CaptureFixture[str], folder: Path, greedy: Path
) -> None:
    code, answer = say(capsys, "run", folder, "--target", greedy)
    assert (code, answer["verdict"]) == (0, "PROMOTE")
    assert answer["rows"] == {"used": 4000, "dropped": {}}
    estimates = answer["estimates"]
    assert isinstance(estimates, list)
    assert all(set(estimate) == ESTIMATE_KEYS for estimate in estimates)
    named = [(estimate["policy"], estimate["estimator"]) for estimate in estimates]
    assert named == [
        ("logging", "mean"),
        ("greedy", "ips"),
        ("greedy", "snips"),
        ("greedy", "clipped-ips"),
        ("greedy", "sub-gaussian"),
        ("greedy", "dm"),
        ("greedy", "dr"),
        ("greedy", "sndr"),
        ("greedy", "switch-dr"),
        ("greedy", "dros"),
    ]
    difference = answer["difference"]
    assert isinstance(difference, dict)
    assert difference["minus"] == "logging"
    assert difference["low"] > 0


def test_a_policy_that_is_no_better_is_not_promoted(
    capsys: pytest.CaptureFixture[str], folder: Path, uniform: Path, greedy: Path
) -> None:
    code, answer = say(capsys, "run", folder, "--target", uniform, "--baseline", greedy)
    assert (code, answer["verdict"]) == (1, "HOLD")
    difference = answer["difference"]
    assert isinstance(difference, dict)
    assert difference["minus"] == "greedy"


def test_a_margin_is_asked_for(
    capsys: pytest.CaptureFixture[str], folder: Path, greedy: Path
) -> None:
    code, answer = say(capsys, "run", folder, "--target", greedy, "--margin", 50)
    assert (code, answer["verdict"]) == (1, "HOLD")


def test_a_table_for_people_tells_the_same(
    capsys: pytest.CaptureFixture[str], folder: Path, greedy: Path
) -> None:
    assert main(["ope", "run", str(folder), "--target", str(greedy), "--protect", "tier"]) == 0
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("PROMOTE", "snips", "greedy − logging", "4,000 of 4,000"))


def test_check_tells_what_is_in_a_log(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    code, answer = say(capsys, "check", folder)
    assert (code, answer["usable"], answer["propensity"]) == (0, True, "present")
    assert answer["loggers"] == {"planted": 4000}
    assert main(["ope", "check", str(folder)]) == 0
    assert "4,000 of 4,000 rows can be used" in capsys.readouterr().out


def test_check_finds_the_rows_that_run_refuses(
    capsys: pytest.CaptureFixture[str], log: DecisionLog, tmp_path: Path, uniform: Path
) -> None:
    propensity = log.propensity.copy()
    propensity[[17, 20]] = np.nan
    write_log(tmp_path / "bad", replace(log, propensity=propensity))
    code, answer = say(capsys, "check", tmp_path / "bad")
    assert (code, answer["usable"]) == (1, False)
    assert answer["row_numbers"] == {"propensity missing": [17, 20]}
    assert main(["ope", "check", str(tmp_path / "bad")]) == 1
    assert "propensity missing: rows 17, 20" in capsys.readouterr().out
    assert main(["ope", "run", str(tmp_path / "bad"), "--target", str(uniform)]) == 2
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error")]
    assert len(errors) == 1
    assert "row 17" in errors[0]
    assert "propensity missing" in errors[0]


def one_error(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main(["ope", *[str(argument) for argument in arguments]]) == 2
    caught = capsys.readouterr()
    errors = [line for line in caught.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert caught.out == ""
    return errors[0]


def test_the_answer_is_the_documented_object(
    capsys: pytest.CaptureFixture[str], folder: Path, greedy: Path
) -> None:
    _, answer = say(capsys, "run", folder, "--target", greedy, "--by", "tier")
    assert {"rows", "estimates", "difference", "verdict", "reasons"} <= set(answer)
    assert set(answer["difference"]) == ESTIMATE_KEYS | {"minus"}  # type: ignore[call-overload]  # JSON
    assert answer["verdict"] in {"PROMOTE", "HOLD", "CANT_TELL"}
    segments = answer["segments"]
    assert isinstance(segments, list)
    assert [inside["segment"] for inside in segments] == ["tier=0", "tier=1", "tier=2"]


def test_a_column_and_a_table_give_one_answer(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    rows = flat_rows(3000, lift=0.3)
    log = write_csv(tmp_path / "log.csv", rows)
    table = [
        {"decision_id": row["event_id"], "action": arm, "probability": 0.5}
        for row in rows
        for arm in "ab"
    ]
    told = []
    for target in ("target_prob", write_csv(tmp_path / "even.csv", table)):
        code, answer = say(capsys, "run", log, "--target", target, "--by", "tier", "--sample", 2900)
        assert (code, answer["verdict"]) == (0, "PROMOTE")
        told.append(answer["difference"]["value"])  # type: ignore[index]  # JSON
    assert told[0] == told[1]
    code, answer = say(capsys, "run", log, "--target", "always:b", "--margin", "0.1")
    assert (code, answer["verdict"]) == (1, "HOLD")


def test_a_proposed_map_is_shown_and_can_be_saved(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    log = write_csv(tmp_path / "log.csv", flat_rows(500, lift=0.3))
    main(["ope", "check", str(log)])
    shown = next(x for x in capsys.readouterr().err.splitlines() if x.startswith("map ("))
    saved = tmp_path / "map.json"
    saved.write_text(shown.partition(": ")[2])
    code, answer = say(capsys, "check", log, "--map", saved)
    assert (code, answer["usable"]) == (0, True)
    assert json.loads(saved.read_text())["propensity"] == "pscore"


def test_a_report_and_a_run_are_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    log = write_csv(tmp_path / "log.csv", flat_rows(500, lift=0.3))
    page = tmp_path / "out" / "page.html"
    main(["ope", "run", str(log), "--target", "target_prob", "--report", str(page)])
    said = capsys.readouterr()
    assert page.read_text().startswith("<!doctype html>")
    assert f"report: {page}" in said.err
    assert "target_prob − logging" in said.out


def test_power_tells_the_rows(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    code, answer = say(capsys, "power", folder, "--lift", "2%")
    assert code == 0
    assert answer["rows"] > 0  # type: ignore[operator]  # JSON
    assert answer["rows_by_share"][0]["share"] == 0.0  # type: ignore[index]  # JSON
    assert main(["ope", "power", str(folder), "--lift", "2%"]) == 0
    assert "half and half" in capsys.readouterr().out


def test_levers_are_given_by_name(
    capsys: pytest.CaptureFixture[str], folder: Path, greedy: Path
) -> None:
    _, before = say(capsys, "run", folder, "--target", greedy, "--lever", "resolved=1")
    _, after = say(capsys, "run", folder, "--target", greedy, "--lever", "resolved=2")
    one, two = (a["difference"]["value"] for a in (before, after))  # type: ignore[index]  # JSON
    assert two == pytest.approx(2 * one)
    assert "component=EUR" in one_error(
        capsys, "run", folder, "--target", greedy, "--lever", "resolved:2"
    )
    assert "no component 'mood'" in one_error(
        capsys, "run", folder, "--target", greedy, "--lever", "mood=2"
    )


def test_what_does_not_fit_a_flat_log_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, greedy: Path
) -> None:
    log = write_csv(tmp_path / "log.csv", flat_rows(50))
    run = ("run", log, "--target")
    assert "needs a decision log" in one_error(capsys, *run, greedy)
    assert "no column of" in one_error(capsys, *run, "nonsense")
    assert "--lever needs" in one_error(capsys, *run, "target_prob", "--lever", "x=1")
    assert "did you mean 'tier'" in one_error(capsys, *run, "target_prob", "--by", "teer")
    assert "unknown name" in one_error(
        capsys, *run, "target_prob", "--map", write_json(tmp_path, {"acton": "arm"})
    )


def write_json(folder: Path, value: object) -> Path:
    (folder / "map.json").write_text(json.dumps(value))
    return folder / "map.json"


def test_mistakes_are_told_in_one_line(
    capsys: pytest.CaptureFixture[str], folder: Path, uniform: Path, tmp_path: Path
) -> None:
    assert "does not exist" in one_error(capsys, "check", tmp_path / "nowhere")
    assert "--target" in one_error(capsys, "run", folder)
    assert "nothing.nba" in one_error(capsys, "run", folder, "--target", tmp_path / "nothing.nba")
    assert "--level is 95.0" in one_error(capsys, "run", folder, "--target", uniform, "--level", 95)
    assert "'age'" in one_error(capsys, "run", folder, "--target", uniform, "--protect", "age")


def test_a_policy_for_another_spec_is_refused_by_name(
    capsys: pytest.CaptureFixture[str], folder: Path, tmp_path: Path
) -> None:
    save_policy(tmp_path / "other.nba", Uniform(), Card(CONTACT_CENTRE))
    error = one_error(capsys, "run", folder, "--target", tmp_path / "other.nba")
    assert "other context features" in error
    assert "load" in error


def test_a_policy_for_the_same_names_in_other_units_is_refused(
    capsys: pytest.CaptureFixture[str], folder: Path, tmp_path: Path
) -> None:
    other = replace(SPEC, name="planted-2")
    save_policy(tmp_path / "other.nba", Uniform(), Card(other))
    error = one_error(capsys, "run", folder, "--target", tmp_path / "other.nba")
    assert f"feature spec {other.version}" in error


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--estimate-propensities", "x", "--by", "tier"), "--by is not used with"),
        (("--estimate-propensities", "x", "--sample", 100), "--sample is not used with"),
        (("--engine", "ray", "--lever", "reward=2"), "--lever is not used with --engine ray"),
        (("--estimate-propensities", "x", "--margin", 0.1), "--margin is not used with"),
    ],
)
def test_an_option_that_would_not_be_used_is_refused(
    capsys: pytest.CaptureFixture[str], folder: Path, options: tuple[object, ...], told: str
) -> None:
    assert told in one_error(capsys, "run", folder, "--target", "uniform", *options)
