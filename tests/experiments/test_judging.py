"""`nba compare` and `nba evaluate`, as a data scientist types them."""

from pathlib import Path

import mlflow
import pytest

from nba.act.bundle import Card, save_policy
from nba.act.uniform import Uniform
from nba.cli import main
from nba.listen.contact_features import CONTACT_CENTRE
from tests.experiments.test_commands import refused, told

FIGURES = ["policy", "preset", "scenario", "seed_block", "eur_per_contact", "low", "high"]
GAP = ["policy", "minus", "preset", "scenario", "value", "low", "high"]
SMALL = 'learner = "linucb"\nrounds = 1\nround_days = 1\nlog_days = 1\n'


@pytest.fixture
def policy_file(tmp_path: Path) -> Path:
    path = tmp_path / "rule.safetensors"
    save_policy(path, Uniform(name="mine"), Card(CONTACT_CENTRE))
    return path


def test_every_policy_has_a_row_for_each_seed_block(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--policies", "longest_idle,uniform", "--seeds", "2", "--seed", "5", "--days", "2")
    assert main(["compare", *asked, "--json"]) == 0
    found = told(capsys)
    assert list(found) == ["rows", "differences"]
    assert [(row["policy"], row["seed_block"]) for row in found["rows"]] == [
        ("longest_idle", 5), ("longest_idle", 6), ("uniform", 5), ("uniform", 6),
    ]  # fmt: skip
    assert list(found["rows"][0])[:7] == FIGURES
    assert [list(row) for row in found["differences"]] == [GAP]
    means = [row["eur_per_contact"] for row in found["rows"]]
    gap = (means[2] + means[3] - means[0] - means[1]) / 2
    assert found["differences"][0]["value"] == pytest.approx(gap)


def test_a_configuration_is_trained_for_each_seed_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    config = tmp_path / "small.toml"
    config.write_text(SMALL)
    out = tmp_path / "kept"
    asked = ["compare", "--policies", f"longest_idle,{config}", "--seeds", "2", "--days", "2"]
    assert main([*asked, "--out", str(out), "--json"]) == 0
    first = told(capsys)
    kept = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    assert [path.suffix for path in kept] == [".safetensors"] * 2
    contents = [path.read_bytes() for path in kept]
    assert contents[0] != contents[1]
    assert main([*asked, "--out", str(out), "--json"]) == 0
    assert told(capsys) == first
    assert {path: path.stat().st_mtime_ns for path in out.iterdir()} == kept


def test_a_file_is_evaluated_against_baselines_and_mlflow_keeps_it(
    tmp_path: Path,
    policy_file: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    out = tmp_path / "runs"
    asked = ["evaluate", str(policy_file), "--against", "longest_idle,c_mu", "--days", "2"]
    assert main([*asked, "--out", str(out), "--json"]) == 0
    found = told(capsys)
    assert [row["policy"] for row in found["rows"]] == ["mine", "longest_idle", "c_mu"]
    assert list(found["rows"][0])[:7] == FIGURES
    assert [(row["policy"], row["minus"]) for row in found["differences"]] == [
        ("mine", "longest_idle"), ("mine", "c_mu"),
    ]  # fmt: skip
    client = mlflow.MlflowClient(f"sqlite:///{out / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("evaluate")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.data.params["policy_file"] == str(policy_file)
    assert run.data.metrics["minus c_mu"] == pytest.approx(found["differences"][1]["value"])


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("evaluate", "absent.safetensors"), "absent.safetensors does not exist"),
        (("compare", "--policies", "uniform,absent.toml"), "absent.toml cannot be read"),
        (("compare", "--policies", "uniform,nobody"), "bank_peak"),
    ],
)
def test_what_is_not_there_is_named(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], named: str
) -> None:
    assert named in refused(capsys, *arguments)
