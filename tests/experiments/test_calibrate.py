"""`nba calibrate` as a user types it: from a log, from tables, and with mistakes."""

import json
from pathlib import Path

import pytest

from envs.calibration.preset_file import load_config
from nba.cli import main
from nba.listen.log import write_log
from tests.envs.calibration.bank_calls import write_bank_calls
from tests.envs.calibration.planted_centre import planted_log


@pytest.fixture(scope="module")
def log_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("logs") / "log"
    write_log(folder, planted_log(12, seed=21))
    return folder


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line on stderr of a command that ends with 2 and says nothing on stdout."""
    assert main(["calibrate", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    return said.err.splitlines()[-1]


def test_a_log_gives_a_preset_file_a_page_and_one_json_object(
    log_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["calibrate", str(log_folder), "--out", str(out), "--json"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    found = json.loads(printed)
    assert {"field", "value", "std_error", "n", "base"} == set(found["rows"][0])
    values = {row["field"]: row["value"] for row in found["rows"]}
    config = load_config(Path(found["preset_file"]))
    assert config.contacts_per_day == values["contacts_per_day"]
    assert config.service_mean_s == tuple(values[f"service_mean_s[{i}]"] for i in range(4))
    assert config.wrap_up_s == 25.0  # the base's
    assert set(found["fit"]["how"]) == {row["field"].partition("[")[0] for row in found["rows"]}
    page = (out / "calibration.html").read_text()
    assert page.count("<svg") == 5
    assert "http" not in page.replace("http://www.w3.org", "")  # it needs nothing else
    assert sorted(p.name for p in out.iterdir()) == ["calibration.html", "preset.toml"]


def test_the_preset_file_is_a_centre_to_simulate(
    log_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibrate", str(log_folder), "--out", str(tmp_path), "--json"]) == 0
    path = json.loads(capsys.readouterr().out)["preset_file"]
    assert main(["simulate", "--preset", path, "--days", "3", "--json"]) == 0
    by_file = json.loads(capsys.readouterr().out)
    assert main(["simulate", "--preset", "bank", "--days", "3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) != by_file


def test_people_get_a_table(
    log_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibrate", str(log_folder), "--out", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "service_cv" in out
    assert "preset_file: " in out


def test_real_counts_are_calibrated_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_bank_calls(tmp_path)
    assert main(["calibrate", str(path), "--out", str(tmp_path / "out"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["fit"]["cell_ratio"] == pytest.approx(2.01, abs=0.005)
    assert any("set n_employees" in note for note in found["fit"]["notes"])


@pytest.mark.parametrize(
    ("text", "options", "told"),
    [
        (None, (), "does not exist"),
        ("arrived_at\nnever\n", (), "row 2, column 'arrived_at'"),
        ("arrived_at\n2026-01-05T09:00:00\n", (), "two or more days"),
        ("arrived_at\n2026-01-05T09:00:00\n", ("--column", "arrived_at"), "is not NAME=COLUMN"),
        ("a\n1\n", ("--column", "arrived_at=a", "--column", "arrived_at=a"), "twice"),
        ("arrived_at\n2026-01-05T09:00:00\n", ("--preset", "bnk"), "no preset 'bnk'"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    text: str | None,
    options: tuple[str, ...],
    told: str,
) -> None:
    path, out = tmp_path / "table.csv", tmp_path / "out"
    if text is not None:
        path.write_text(text)
    line = refused(capsys, str(path), "--out", str(out), *options)
    assert line.startswith("error: ")
    assert told in line
    assert not out.exists()


def test_a_log_needs_no_column_names(log_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = refused(capsys, str(log_folder), "--column", "arrived_at=a")
    assert "is a log" in line
