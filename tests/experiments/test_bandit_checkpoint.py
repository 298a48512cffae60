"""A bandit that is killed between two rounds goes on with what it knew."""

from pathlib import Path

import pytest

from envs.baselines.learning_days import learn_over_days
from envs.presets import preset
from experiments.bandit_checkpoint import keep_rounds, restored_rounds
from nba.act.longest_idle import LongestIdle
from nba.errors import InputError
from nba.learn.linear_bandit import LinearBandit, thompson
from nba.listen.contact_features import CONTACT_CENTRE


def test_a_killed_bandit_ends_as_the_one_that_was_not(tmp_path: Path) -> None:
    path, whole = tmp_path / "kept.safetensors", LinearBandit(thompson(seed=0))
    first, centre = LongestIdle(CONTACT_CENTRE), preset("bank")
    learn_over_days(whole, first, centre, n_rounds=2, days_per_round=1, seed=7)

    def kill(rounds: int) -> None:
        keep_rounds(path, killed, rounds)
        raise SystemExit

    killed = LinearBandit(thompson(seed=0))
    with pytest.raises(SystemExit):
        learn_over_days(
            killed, first, centre, n_rounds=2, days_per_round=1, seed=7, after_round=kill
        )
    again = LinearBandit(thompson(seed=0))
    done = restored_rounds(path, again)
    assert done == 1
    learn_over_days(again, first, centre, n_rounds=2, days_per_round=1, seed=7, done=done)
    expected = {name: array.tobytes() for name, array in whole.checkpoint().items()}
    assert {name: array.tobytes() for name, array in again.checkpoint().items()} == expected


def test_without_a_file_nothing_is_known(tmp_path: Path) -> None:
    assert restored_rounds(tmp_path / "absent", LinearBandit(thompson(seed=0))) == 0


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "kept.safetensors"
    path.write_bytes(b"cut")
    with pytest.raises(InputError, match="no bandit's checkpoint"):
        restored_rounds(path, LinearBandit(thompson(seed=0)))
