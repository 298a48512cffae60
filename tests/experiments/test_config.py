"""A training run in a file."""

from dataclasses import replace
from pathlib import Path

import pytest

from experiments.config import LearnConfig, TrainConfig, read_config
from experiments.learned import FILED
from nba.errors import InputError

CONFIGS = sorted((Path(__file__).parents[2] / "experiments" / "configs").glob("*.toml"))


def written(folder: Path, text: str) -> Path:
    path = folder / "run.toml"
    path.write_text(text)
    return path


def test_an_empty_file_is_the_default_configuration(tmp_path: Path) -> None:
    assert read_config(written(tmp_path, "")) == TrainConfig()


def test_a_whole_number_is_good_enough_for_a_float(tmp_path: Path) -> None:
    config = read_config(written(tmp_path, "horizon_s = 300\nseed = 4"))
    assert config == replace(TrainConfig(), horizon_s=300.0, seed=4)
    assert isinstance(config.horizon_s, float)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("gama = 0.9", "unknown key 'gama'"),
        ("seed = 1.5", "seed is 1.5"),
        ("seed = true", "seed is True"),
        ("preset = 3", "preset is 3"),
        ("n_envs = 0", "n_envs is 0"),
        ("temperature = 0", "temperature is 0"),
        ("seed = ", "not TOML"),
        ('learner = "linucb"\nn_envs = 3', "unknown key 'n_envs'"),
        ('learner = "linucb"\nrounds = 0', "rounds is 0"),
        ("learner = 3", "learner is 3"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(InputError, match=named):
        read_config(written(tmp_path, text))


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.toml cannot be read"):
        read_config(tmp_path / "absent.toml")


def test_the_learner_says_which_rung_a_file_is_for(tmp_path: Path) -> None:
    config = read_config(written(tmp_path, 'learner = "thompson"\nrounds = 3'))
    assert config == LearnConfig("thompson", rounds=3)
    assert read_config(written(tmp_path, 'learner = "action_scorer"')) == TrainConfig()


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_a_configuration_of_the_project_can_be_read(path: Path) -> None:
    config = read_config(path)
    assert isinstance(config, TrainConfig) or config.learner in FILED


def test_every_rung_that_has_a_policy_file_has_a_configuration() -> None:
    found = {c.learner for c in map(read_config, CONFIGS) if isinstance(c, LearnConfig)}
    assert found == set(FILED)
