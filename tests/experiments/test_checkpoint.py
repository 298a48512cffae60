"""A training run that stops in the middle goes on as if it had not."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch as th

from experiments.config import TrainConfig
from experiments.train import TrainingError, train
from nba.errors import InputError
from tests.experiments.small_run import CONFIG, normalisation, reward_model, trained
from tests.experiments.test_train import weights


def interrupted_at(decisions: int, path: Path, config: TrainConfig = CONFIG) -> None:
    """A run that ends in the middle of a rollout, as one that is killed does."""
    seen = 0

    def count(n: int) -> None:
        nonlocal seen
        seen += n
        if seen > decisions:
            raise SystemExit

    with pytest.raises(SystemExit):
        train(config, reward_model(), normalisation(), checkpoint=path, progress=count)


@pytest.mark.parametrize("decisions", [100, 300, 700])
def test_a_killed_run_goes_on_bit_for_bit(tmp_path: Path, decisions: int) -> None:
    path = tmp_path / "checkpoint.pt"
    interrupted_at(decisions, path)
    counted: list[int] = []
    again = train(CONFIG, reward_model(), normalisation(), checkpoint=path, progress=counted.append)
    assert weights(again) == weights(trained())
    assert again.curve == trained().curve
    assert sum(counted) == CONFIG.total_steps
    assert counted[0] == decisions // 256 * 256  # what was done is not done again


def test_limits_and_what_was_measured_go_on_too(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    limited = replace(CONFIG, wait_limit_s=1.0, total_steps=4096)  # over the ends of some days
    whole = train(limited, reward_model(), normalisation())
    interrupted_at(2000, path, limited)
    again = train(limited, reward_model(), normalisation(), checkpoint=path)
    assert again.constraints == whole.constraints
    assert whole.constraints[-1].multiplier > 0.0
    assert weights(again) == weights(whole)


def test_a_finished_run_is_not_run_again(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    train(CONFIG, reward_model(), normalisation(), checkpoint=path)
    counted: list[int] = []
    again = train(CONFIG, reward_model(), normalisation(), checkpoint=path, progress=counted.append)
    assert counted == [CONFIG.total_steps]
    assert weights(again) == weights(trained())


def test_weights_that_blow_up_leave_the_last_good_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    wild = replace(CONFIG, learning_rate=1e30)
    with pytest.raises(TrainingError, match=r"after 256 decisions; .* good state is in .*\.pt"):
        train(wild, reward_model(), normalisation(), checkpoint=path)
    kept = th.load(path, weights_only=True)
    assert kept["counters"]["num_timesteps"] == 0
    assert all(bool(th.isfinite(values).all()) for values in kept["net"].values())


def test_a_checkpoint_of_other_settings_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    interrupted_at(300, path)
    other = replace(CONFIG, seed=CONFIG.seed + 1)
    with pytest.raises(InputError, match="a checkpoint of other settings"):
        train(other, reward_model(), normalisation(), checkpoint=path)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint"])
def test_a_damaged_checkpoint_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(content)
    with pytest.raises(InputError, match="no checkpoint that can be read"):
        train(CONFIG, reward_model(), normalisation(), checkpoint=path)
