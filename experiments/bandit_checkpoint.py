"""A bandit's evidence on disk after each round of its own days, so that a killed run goes on."""

from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from nba.errors import InputError
from nba.learn.linear_bandit import LinearBandit

_ROUNDS = "rounds"


def keep_rounds(path: Path, learner: LinearBandit, rounds: int) -> None:
    """Put what the learner knows after so many rounds in place of what the file held."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_suffix(".new")
    made.write_bytes(save({**learner.checkpoint(), _ROUNDS: np.array([float(rounds)])}))
    made.replace(path)


def restored_rounds(path: Path, learner: LinearBandit) -> int:
    """How many rounds the learner knows now: those of the file, none without one."""
    if not path.exists():
        return 0
    try:
        arrays = load(path.read_bytes())
        rounds = int(arrays.pop(_ROUNDS)[0])
    except (SafetensorError, KeyError) as error:
        raise InputError(f"{path} is no bandit's checkpoint; remove it to start anew") from error
    learner.restore(arrays)
    return rounds
