"""`nba simulate`, as a user types it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.compare import mean_interval
from experiments.simulate import centre_of, kpi_rows
from nba.act.bundle import Card, save_policy
from nba.act.uniform import Uniform
from nba.cli import main
from nba.errors import InputError
from nba.evaluate.check import check_log
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.log import read_log
from nba.listen.log_parts import read_outcomes

SMALL = ("simulate", "--employees", "4", "--days", "2", "--exploration", "0.2")


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The one JSON object on stdout."""
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    found = json.loads(out)
    assert isinstance(found, dict)
    return found


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line on stderr of a command that ends with 2."""
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    return line


def test_simulate_tells_figures_and_writes_a_usable_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*SMALL, "--json", "--log", str(tmp_path / "log")]) == 0
    found = told(capsys)
    log = read_log(tmp_path / "log")
    assert check_log(log).usable
    assert found["decisions"] == len(log)
    assert set(log.decision_id) >= set(read_outcomes(tmp_path / "log").decision_id)
    kpi = {row["kpi"]: row for row in found["rows"]}
    assert 0.0 < kpi["fcr"]["value"] < 1.0
    assert kpi["fcr"]["low"] < kpi["fcr"]["value"] < kpi["fcr"]["high"]
    assert (found["preset"], found["scenario"], found["employees"]) == ("bank", "normal", 4)


def test_a_log_changes_no_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "--json", "--log", str(tmp_path / "log")]) == 0
    logged = told(capsys)
    assert main([*SMALL, "--json"]) == 0
    assert told(capsys)["rows"] == logged["rows"]


def test_the_same_command_finds_its_log_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [*SMALL, "--json", "--log", str(tmp_path / "log")]
    assert main(arguments) == 0
    first = told(capsys)
    assert main(arguments) == 0
    said = capsys.readouterr()
    assert "holds 2 of 2 centre-days; nothing is left to simulate" in said.err
    assert json.loads(said.out) == first


def test_another_command_is_refused_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = ("--log", str(tmp_path / "log"))
    assert main([*SMALL, *log]) == 0
    capsys.readouterr()
    assert "with seed 0, not 1;" in refused(capsys, *SMALL, "--seed", "1", *log)
    assert "with as_of_days 30.0, not 2.0;" in refused(capsys, *SMALL, "--as-of", "2", *log)
    assert "with sites 1, not 2;" in refused(capsys, *SMALL, "--sites", "2", *log)
    assert "longest_idle+epsilon0.2, not uniform" in refused(
        capsys, *SMALL, "--policy", "uniform", *log
    )


def test_simulate_never_mixes_two_logs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "other").write_text("")
    assert "is not empty" in refused(capsys, *SMALL, "--log", str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_a_log_seen_at_once_waits_for_outcomes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*SMALL, "--json", "--as-of", "0", "--log", str(tmp_path / "log")]) == 0
    found = told(capsys)
    assert found["outcomes_to_come"] > 0
    missing = int(np.isnan(read_log(tmp_path / "log").reward).sum())
    assert found["without_reward"] == missing > 0


def test_more_sites_have_other_employees(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["simulate", "--employees", "4", "--days", "1", "--json"]
    figures = []
    for sites in ("1", "2"):
        assert main([*arguments, "--sites", sites]) == 0
        figures.append({row["kpi"]: row["value"] for row in told(capsys)["rows"]})
    assert figures[0]["contacts"] != figures[1]["contacts"]


def test_a_policy_file_serves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rule.safetensors"
    save_policy(path, Uniform(), Card(CONTACT_CENTRE))
    values = []
    for policy in (str(path), "uniform"):
        command = ["simulate", "--employees", "4", "--days", "1", "--json", "--policy", policy]
        assert main(command) == 0
        values.append([row["value"] for row in told(capsys)["rows"]])
    assert values[0] == values[1]


def test_people_get_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(SMALL) == 0
    out = capsys.readouterr().out
    assert "longest_idle+epsilon0.2, 1 site(s) × 2 day(s)" in out
    assert "eur_per_contact" in out


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--policy", "nobody"), "no policy 'nobody'"),
        (("--preset", "bnk"), "no preset 'bnk'"),
        (("--scenario", "flood"), "no scenario 'flood'"),
        (("--days", "0"), "--days"),
        (("--sites", "0"), "--sites"),
        (("--employees", "0"), "--employees"),
        (("--as-of", "-1"), "--as-of"),
        (("--exploration", "1.5"), "--exploration"),
    ],
)
def test_a_users_mistake_is_one_line_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], named: str
) -> None:
    line = refused(capsys, "simulate", *arguments, "--log", str(tmp_path / "log"))
    assert line.startswith("error: ")
    assert named in line
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "log"):
        line = refused(capsys, *SMALL, "--log", str(folder))
        assert line.startswith(f"error: {folder} cannot be ")


def test_a_larger_centre_has_the_same_load_per_employee() -> None:
    small, large = centre_of("bank", "normal"), centre_of("bank", "normal", 200)
    assert large.n_employees == 200
    assert large.contacts_per_day / 200 == pytest.approx(small.contacts_per_day / small.n_employees)
    with pytest.raises(InputError, match="no scenario 'x'"):
        centre_of("bank", "x")


def test_days_of_one_site_count_as_one_when_there_are_more_sites() -> None:
    days = {"wait_s": np.array([1.0, 3.0, 10.0, 20.0])}
    (by_day,) = kpi_rows(days, [0, 0, 0, 0])
    (by_site,) = kpi_rows(days, [0, 0, 1, 1])
    (single,) = kpi_rows({"wait_s": np.array([4.0])}, [0])
    means = mean_interval(np.array([2.0, 15.0]))
    assert by_day["value"] == by_site["value"] == 8.5
    assert (by_site["low"], by_site["high"]) == (means.low, means.high)
    assert by_day["high"] != by_site["high"]
    assert single == {"kpi": "wait_s", "value": 4.0, "low": None, "high": None}
