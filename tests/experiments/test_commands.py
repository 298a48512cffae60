"""The workshop's commands, as a user types them."""

import json
from pathlib import Path
from typing import Any

import pytest

from nba.act.bundle import Card, save_policy
from nba.act.uniform import Uniform
from nba.cli import main
from nba.listen.contact_features import CONTACT_CENTRE


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
    return said.err.splitlines()[-1]


def test_compare_takes_names_and_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rule.safetensors"
    save_policy(path, Uniform(), Card(CONTACT_CENTRE))
    policies = f"longest_idle,uniform,{path}"
    assert main(["compare", "--policies", policies, "--days", "3", "--json"]) == 0
    found = told(capsys)
    rows = {row["policy"]: row for row in found["rows"]}
    assert list(rows) == ["longest_idle", "uniform", str(path)]  # names that clash are told apart
    assert [row["minus"] for row in found["differences"]] == ["longest_idle"] * 2
    first, second = found["differences"]
    assert first["value"] == second["value"]  # the same rule, by name and from its file
    assert first["low"] < first["value"] < first["high"]


def test_people_get_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--policies", "longest_idle,uniform", "--days", "2"]) == 0
    out = capsys.readouterr().out
    assert "longest_idle" in out
    assert "uniform − longest_idle" in out


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("compare", "--policies", "uniform"), "two or more"),
        (("compare", "--policies", "uniform,nobody"), "no policy 'nobody'"),
        (("compare", "--policies", "uniform,uniform", "--preset", "bnk"), "no preset 'bnk'"),
        (("train", "absent.toml"), "absent.toml"),
        (("demo", "--seed", "-1"), "--seed"),
    ],
)
def test_a_users_mistake_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], named: str
) -> None:
    line = refused(capsys, *arguments)
    assert line.startswith("error: ")
    assert named in line


@pytest.mark.slow
def test_train_writes_a_policy_file_that_can_be_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "small.toml"
    config.write_text("total_steps = 4096\nn_envs = 32\nrollout_steps = 32\nlog_days = 4\n")
    assert main(["train", str(config), "--out", str(tmp_path / "run"), "--json"]) == 0
    found = told(capsys)
    assert main(["show", found["policy_file"], "--json"]) == 0
    assert told(capsys)["version"] == found["version"]
    policies = f"longest_idle,{found['policy_file']}"
    assert main(["compare", "--policies", policies, "--days", "4", "--json"]) == 0
    assert told(capsys)["differences"][0]["low"] > 0.0
    assert "exists" in refused(capsys, "train", str(config), "--out", str(tmp_path / "run"))
