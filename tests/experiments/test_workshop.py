"""From a configuration to a policy file, for the rungs below the action scorer."""

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
