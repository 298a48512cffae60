"""From a configuration to a policy file, for the rungs below the action scorer."""

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from experiments.config import LearnConfig, TrainConfig
from experiments.workshop import learn_from_config, train_from_config
from nba.act.bundle import load_policy
from nba.errors import InputError

SMALL = LearnConfig("linucb", rounds=1, round_days=1, log_days=1)


def test_the_same_configuration_gives_the_same_policy_file(tmp_path: Path) -> None:
    first, version = learn_from_config(SMALL, tmp_path / "a")
    second, _ = learn_from_config(SMALL, tmp_path / "b")
    assert first.read_bytes() == second.read_bytes()
    loaded = load_policy(first)
    assert (loaded.kind, loaded.policy.version) == ("linucb", version)
    assert loaded.card.training["config"] == SMALL.as_dict()


def test_a_folder_that_holds_a_policy_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "policy.safetensors").write_text("mine")
    with pytest.raises(InputError, match="exists; choose another --out"):
        learn_from_config(SMALL, tmp_path)
    assert (tmp_path / "policy.safetensors").read_text() == "mine"


def test_an_unknown_learner_is_named_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="learner is 'ucb_routing'; use one of action_scorer"):
        learn_from_config(LearnConfig("ucb_routing"), tmp_path)


def test_the_scorer_is_trained_from_a_bandits_policy_file(tmp_path: Path) -> None:
    bandit, _ = learn_from_config(SMALL, tmp_path / "bandit")
    config = TrainConfig(
        start=str(bandit), log_days=1, total_steps=256, n_envs=16, rollout_steps=16, batch_size=128
    )
    path, _ = train_from_config(config, tmp_path / "scorer")
    card = load_policy(path).card
    assert card.training["config"] == config.as_dict()
    assert "prior" not in card.training
    heads = {row["component"] for row in card.evaluation["value_heads"]}  # type: ignore[attr-defined]  # rows of a table
    assert {"resolved", "wait_s", "overload_s"} <= heads


def test_a_run_is_resumed_with_its_own_settings_only(tmp_path: Path) -> None:
    first, version = learn_from_config(SMALL, tmp_path)
    content = first.read_bytes()
    assert learn_from_config(SMALL, tmp_path, resume=True) == (first, version)
    assert first.read_bytes() == content
    with pytest.raises(InputError, match="holds a run with other settings"):
        learn_from_config(replace(SMALL, seed=1), tmp_path, resume=True)


@pytest.mark.slow
def test_training_that_is_killed_and_resumed_gives_the_same_policy_file(tmp_path: Path) -> None:
    config = tmp_path / "small.toml"
    config.write_text("total_steps = 65536\nn_envs = 32\nrollout_steps = 32\nlog_days = 4\n")
    train = [sys.executable, "-m", "nba", "train", str(config), "--out"]
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    subprocess.run([*train, whole], check=True, capture_output=True)
    run = subprocess.Popen([*train, killed], stderr=subprocess.DEVNULL)
    while not (killed / "checkpoint.pt").exists():
        assert run.poll() is None, "it ended before it could be killed"
        time.sleep(0.05)
    run.kill()
    run.wait()
    assert not (killed / "policy.safetensors").exists()
    subprocess.run([*train, killed, "--resume"], check=True, capture_output=True)
    files = [(folder / "policy.safetensors").read_bytes() for folder in (whole, killed)]
    assert files[0] == files[1]
