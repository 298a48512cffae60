"""Sweeps on Ray: ranked, stopped early, recorded, and gone on with after a kill."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import mlflow
import pytest

from experiments.config import read_config
from experiments.sweep import SweepError, run_sweep
from nba.act.bundle import Card, load_policy, save_policy
from nba.errors import InputError
from nba.learn.greedy import GreedyLearner
from nba.listen.contact_features import CONTACT_CENTRE
from tests.experiments.small_run import log

# Ray's own start-up warns of things that are not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore")

SMALL = """
start = "{start}"
log_days = 1
total_steps = 1024
n_envs = 16
rollout_steps = 16
batch_size = 128
hidden = 8
[sweep]
prior_weight = [0.0]
"""


def written(folder: Path) -> Path:
    """A configuration with two trials: a good start, and one that knows nothing at first."""
    learner, start = GreedyLearner(), folder / "start.safetensors"
    learner.learn(log())
    save_policy(start, learner.policy(), Card(CONTACT_CENTRE))
    path = folder / "sweep.toml"
    path.write_text(SMALL.format(start=start))
    return path


@pytest.mark.usefixtures("cluster")
def test_two_trials_are_ranked_recorded_and_the_worse_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    config, out = written(tmp_path), tmp_path / "out"
    found = run_sweep(config, out, n_trials=2, days=2, at_once=1)
    assert capsys.readouterr().out == ""  # it is for the result alone
    first, second = found["rows"]
    assert (first["trial"], first["prior_weight"], first["stopped_early"]) == (0, 4.0, False)
    assert first["decisions"] == 1024
    assert (second["trial"], second["prior_weight"], second["stopped_early"]) == (1, 0.0, True)
    assert second["eur_per_contact"] is None
    assert second["decisions"] == 256  # the first quarter
    assert found["best"]["eur_per_contact"] == first["eur_per_contact"]
    assert read_config(out / "best.toml") == read_config(config)
    policy = load_policy(Path(str(found["best"]["policy_file"])))
    assert policy.card.training["config"] == read_config(config).as_dict()

    client = mlflow.MlflowClient(f"sqlite:///{out}/mlflow.db")
    experiment = client.get_experiment_by_name("sweep")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    (parent,) = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    children = [run for run in runs if run is not parent]
    assert {run.data.tags["mlflow.parentRunId"] for run in children} == {parent.info.run_id}
    assert {run.data.params["prior_weight"] for run in children} == {"4.0", "0.0"}
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert parent.data.metrics["eur_per_contact"] == first["eur_per_contact"]

    with pytest.raises(InputError, match="other settings"):
        run_sweep(config, out, n_trials=2, days=3, resume=True)
    with pytest.raises(InputError, match="--resume"):
        run_sweep(config, out, n_trials=2, days=2)


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_a_sweep_without_any_result_names_the_cause(tmp_path: Path) -> None:
    config = written(tmp_path)
    config.write_text(config.read_text().replace("hidden = 8", "hidden = 8\nlearning_rate = 1e30"))
    with pytest.raises(SweepError, match="not finite after 256 decisions"):
        run_sweep(config, tmp_path / "out", n_trials=1, days=2)


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_learners_without_updates_are_ranked_too(tmp_path: Path) -> None:
    config = tmp_path / "sweep.toml"
    config.write_text(
        'learner = "greedy"\nlog_days = 1\nround_days = 1\nrounds = 1\n'
        '[sweep]\nlearner = ["linucb"]\n'
    )
    found = run_sweep(config, tmp_path / "out", n_trials=2, days=2)
    earned = [float(str(row["eur_per_contact"])) for row in found["rows"]]
    assert earned == sorted(earned, reverse=True)
    assert {row["learner"] for row in found["rows"]} == {"greedy", "linucb"}


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["kill", "Ctrl-C"])
def test_a_sweep_that_ends_early_and_is_resumed_gives_the_same_result(
    how: signal.Signals, tmp_path: Path
) -> None:
    config = written(tmp_path)
    longer = config.read_text().replace("total_steps = 1024", "total_steps = 8192")
    config.write_text(longer.replace("[0.0]", "[3.0, 5.0]"))
    sweep = [sys.executable, "-m", "nba", "sweep", config, "--trials", "3", "--days", "2", "--json"]
    command = [*map(str, sweep), "--out"]
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    subprocess.run([*command, whole], check=True, capture_output=True)
    run = subprocess.Popen([*command, killed], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    curve = killed / "trials" / "000" / "curve.json"
    while not curve.exists() or len(json.loads(curve.read_bytes())) < 3:
        assert run.poll() is None, "it ended before it could be killed"
        time.sleep(0.05)
    os.kill(run.pid, how)
    said, complained = run.communicate(timeout=60)
    assert said == b""
    if how == signal.SIGINT:
        assert run.returncode == 130
        assert b"--resume goes on" in complained
        assert b"Traceback" not in complained
    assert not (killed / "best.toml").exists()
    done = subprocess.run([*command, killed, "--resume"], check=True, capture_output=True)
    found = json.loads(done.stdout)
    assert {row["trial"] for row in found["rows"]} == {0, 1, 2}
    for row in found["rows"]:
        if row["eur_per_contact"] is not None:
            places = Path("trials", f"{row['trial']:03}", "policy.safetensors")
            if (whole / places).exists():
                assert (whole / places).read_bytes() == (killed / places).read_bytes()
    assert read_config(killed / "best.toml").seed == 0
