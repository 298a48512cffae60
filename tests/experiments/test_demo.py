"""The first full walk, once, as `nba demo --fast --json`; every test looks at that one run."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from envs.evaluate_days import simulate
from envs.presets import preset
from experiments.demo import FAST
from experiments.seeds import Seeds
from nba.act.bundle import load_policy
from nba.act.longest_idle import LongestIdle
from nba.evaluate.check import check_log
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.log import read_log
from nba.listen.log_parts import read_outcomes
from serving.compaction.compact import compact

NAMES: Final = ["longest_idle", "greedy", "index_rule", "trained"]
SEED: Final = 7


@dataclass(frozen=True)
class Walked:
    """What the command printed and wrote."""

    stdout: str
    stderr: str
    out: Path
    told: dict[str, Any]


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Walked:
    out = tmp_path_factory.mktemp("walk")
    command = [sys.executable, "-m", "nba", "demo", "--fast", "--json", "--seed", str(SEED)]
    done = subprocess.run(
        [*command, "--out", str(out)], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    return Walked(done.stdout, done.stderr, out, json.loads(done.stdout))


def numbers(row: Mapping[str, Any], *names: str) -> list[float]:
    values = [row[name] for name in names]
    assert all(isinstance(value, float | int) and np.isfinite(value) for value in values)
    return values


def test_stdout_is_one_json_object_with_the_promised_keys(walked: Walked) -> None:
    assert walked.stdout.count("\n") == 1
    assert set(walked.told) == {
        "seconds", "policies", "differences", "offline", "verdict", "decision", "report",
    }  # fmt: skip
    assert walked.told["seconds"] > 1.0
    assert walked.told["verdict"] in {"PROMOTE", "HOLD", "CANT_TELL"}


def test_progress_is_told_on_stderr(walked: Walked) -> None:
    for stage in ("listen", "understand", "train", "evaluate", "serve", "registered"):
        assert stage in walked.stderr
    assert "Traceback" not in walked.stderr
    assert "Warning" not in walked.stderr


def test_every_policy_has_its_figures(walked: Walked) -> None:
    assert [row["name"] for row in walked.told["policies"]] == NAMES
    for row in walked.told["policies"]:
        value, low, high = numbers(row, "eur_per_contact", "low", "high")
        assert low < value < high
        for share in numbers(row, "fcr", "abandoned", "occupancy"):
            assert 0.0 <= share <= 1.0
        assert numbers(row, "wait_s")[0] >= 0.0


def test_the_trained_policy_is_compared_with_every_other(walked: Walked) -> None:
    rows = walked.told["differences"]
    assert {(row["policy"], row["minus"]) for row in rows} >= {
        ("trained", name) for name in NAMES[:-1]
    }
    value_of = {row["name"]: row["eur_per_contact"] for row in walked.told["policies"]}
    for row in rows:
        value, low, high = numbers(row, "value", "low", "high")
        assert low < value < high
        assert value == pytest.approx(value_of[row["policy"]] - value_of[row["minus"]])


def test_even_a_short_training_beats_longest_idle(walked: Walked) -> None:
    rows = {(row["policy"], row["minus"]): row for row in walked.told["differences"]}
    assert rows["trained", "longest_idle"]["low"] > 0.0


def test_every_policy_but_the_baseline_is_estimated_from_the_log(walked: Walked) -> None:
    found = {(row["policy"], row["estimator"]) for row in walked.told["offline"]}
    assert found >= {(name, e) for name in NAMES[1:] for e in ("ips", "snips", "dr")}
    for row in walked.told["offline"]:
        value, low, high, ess = numbers(row, "value", "low", "high", "ess")
        assert low < value < high
        assert ess > 0.0


def test_the_logs_are_usable_and_of_different_days(walked: Walked) -> None:
    learning, held_out = (read_log(walked.out / "walk" / n) for n in ("log", "log-held-out"))
    for log in (learning, held_out):
        found = check_log(log)
        assert found.usable
        assert found.propensity == "present"
        assert 0 < found.used < found.rows  # the reward of contacts still open is not made up
    assert not set(learning.decision_id) & set(held_out.decision_id)


def test_the_figures_come_from_the_file_that_was_written(walked: Walked) -> None:
    """Also "same seed, same figures": a fresh simulation of the file meets the same luck."""
    policy = load_policy(walked.out / "policy.safetensors").policy
    rivals = {"trained": policy, "longest_idle": LongestIdle(CONTACT_CENTRE)}
    told = {row["name"]: row for row in walked.told["policies"]}
    for name, rival in rivals.items():
        table = simulate(rival, preset("bank"), n_days=FAST.test_days, seed=Seeds.of(SEED).test)
        assert float(table["eur_per_contact"].mean()) == told[name]["eur_per_contact"]
        assert float(table["fcr"].mean()) == told[name]["fcr"]


def test_the_policy_file_says_how_it_came_about(walked: Walked) -> None:
    card = load_policy(walked.out / "policy.safetensors", spec=CONTACT_CENTRE).card
    config = card.training["config"]
    assert isinstance(config, Mapping)
    assert config["total_steps"] == FAST.training.total_steps
    assert card.evaluation["verdict"] == walked.told["verdict"]


def test_a_decision_was_answered_over_http_and_explained(walked: Walked) -> None:
    decision = walked.told["decision"]
    shares = {row["id"]: row["probability"] for row in decision["ranked"]}
    assert sum(shares.values()) == pytest.approx(1.0)
    assert decision["propensity"] == shares[decision["chosen"]["id"]] > 0.0
    assert len(decision["why"]) == 3
    assert decision["policy"] == "trained"
    policy = load_policy(walked.out / "policy.safetensors").policy
    assert decision["policy_version"] == policy.version


def test_the_journal_holds_the_decision_and_its_outcome(walked: Walked, tmp_path: Path) -> None:
    journal, out = walked.out / "walk" / "journal", tmp_path / "log"
    compact(journal, out, now=time.time(), window_s={"": 86_400.0}, defaults={})
    log, outcomes = read_log(out), read_outcomes(out)
    decision = walked.told["decision"]
    assert log.decision_id.tolist() == [decision["decision_id"]]
    assert log.propensity.tolist() == [decision["propensity"]]
    assert set(outcomes.decision_id) == {decision["decision_id"]}
    assert {"resolved", "handle_s", "wait_s"} <= set(outcomes.component)


def test_the_report_tells_the_same_verdict(walked: Walked) -> None:
    page = Path(walked.told["report"]).read_text(encoding="utf-8")
    assert walked.told["verdict"] in page
    for name in (*NAMES, walked.told["decision"]["chosen"]["id"], f"nba demo --seed {SEED}"):
        assert name in page


def test_the_run_and_the_policy_are_in_the_mlflow_store(walked: Walked) -> None:
    import mlflow

    client = mlflow.MlflowClient(f"sqlite:///{walked.out / 'mlflow.db'}")
    version = client.get_model_version_by_alias("next-best-action", "challenger")
    run = client.get_run(str(version.run_id))
    assert run.info.status == "FINISHED"
    assert run.data.params["seed"]
    assert run.data.tags["commit"]
    assert client.get_metric_history(run.info.run_id, "eur_per_decision")
    kept = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert kept == {"learning curve.svg", "report.html"}
