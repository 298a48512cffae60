"""A training run on disk between two updates: one that was killed goes on bit for bit.

Held are the net, the optimiser, every random state, the counters, the learning curve, and the
centres themselves, in the middle of their days.
"""

import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Final

import numpy as np
import torch as th
from sb3_contrib import MaskablePPO

from experiments.constraints import Constraints
from experiments.vec_env import ContactCentreVecEnv
from nba.errors import InputError

Curve = Sequence[tuple[int, float]]
_COUNTERS: Final = ("num_timesteps", "_n_updates")
_SEEN: Final = ("_last_obs", "_last_episode_starts")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a run is made of; the settings in words, to know it again."""

    learner: MaskablePPO
    centres: ContactCentreVecEnv
    limits: Constraints
    settings: str


def save_checkpoint(path: Path, run: Parts, curve: Curve) -> None:
    """Put the run's state in place of the last one."""
    learner, held = run.learner, vars(run.learner)
    state = {
        "settings": run.settings,
        "net": learner.policy.state_dict(),
        "optimizer": learner.policy.optimizer.state_dict(),
        "counters": {name: held[name] for name in _COUNTERS},
        "seen": [packed(array) for array in _seen(learner)],
        "curve": [list(point) for point in curve],
        "centres": [packed(array) for array in run.centres.arrays()],
        "limits": run.limits.state(),
        "random": _random_states(),
    }
    write_state(path, state)


def load_checkpoint(path: Path, run: Parts) -> list[tuple[int, float]]:
    """Bring learner, centres and random numbers to where the run was; its curve so far.

    Raises InputError for a file that is damaged or belongs to a run with other settings.
    """
    state = read_state(path, run.settings)
    learner, centres = run.learner, run.centres
    learner.policy.load_state_dict(state["net"])
    learner.policy.optimizer.load_state_dict(state["optimizer"])
    vars(learner).update(state["counters"])
    vars(learner).update(
        _last_obs=centres.reset(), _last_episode_starts=np.ones(centres.num_envs, dtype=np.bool_)
    )
    fill(_seen(learner), state["seen"])
    fill(centres.arrays(), state["centres"])
    run.limits.restore(state["limits"])
    _set_random_states(state["random"])
    return [(int(step), float(mean)) for step, mean in state["curve"]]


def write_state(path: Path, state: Mapping[str, object]) -> None:
    """Put a state in place of what the file held; a kill leaves the one or the other, whole."""
    made = path.with_suffix(".new")
    path.parent.mkdir(parents=True, exist_ok=True)
    with made.open("wb") as file:
        th.save(dict(state), file)
        file.flush()
        os.fsync(file.fileno())
    made.replace(path)


def read_state(path: Path, settings: str) -> dict[str, Any]:
    """The state in a file; InputError if it is damaged or its `settings` are others."""
    try:
        state: dict[str, Any] = th.load(path, weights_only=True)  # nothing in it is executed
        theirs = state["settings"]
    except (OSError, RuntimeError, EOFError, UnpicklingError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} is no checkpoint that can be read; remove it to start anew"
        ) from error
    if theirs != settings:
        raise InputError(
            f"{path} is a checkpoint of other settings ({theirs}); these are {settings}: "
            "use the settings of that run, or another --out"
        )
    return state


def _seen(learner: MaskablePPO) -> list[np.ndarray[Any, Any]]:
    """The last observation and which centres stood at a day's start, as live arrays."""
    observation, starts = (vars(learner)[name] for name in _SEEN)
    return [*(observation[name] for name in sorted(observation)), starts]


def packed(array: np.ndarray[Any, Any]) -> th.Tensor:
    """The bytes of an array of any type."""
    return th.from_numpy(np.frombuffer(array.tobytes(), dtype=np.uint8).copy())


def fill(arrays: Sequence[np.ndarray[Any, Any]], stored: Sequence[th.Tensor]) -> None:
    """Write packed bytes back into live arrays, in their order."""
    for array, held in zip(arrays, stored, strict=True):
        array[...] = np.frombuffer(held.numpy().tobytes(), array.dtype).reshape(array.shape)


def _random_states() -> dict[str, object]:
    # stable-baselines3 shuffles with numpy's global state and samples with torch's.
    kind, keys, place, has_gauss, gauss = np.random.get_state(legacy=True)  # noqa: NPY002 as said
    return {
        "torch": th.get_rng_state(),
        "numpy": [
            str(kind),
            th.from_numpy(np.asarray(keys).astype(np.int64)),
            place,
            has_gauss,
            gauss,
        ],
        "python": random.getstate(),
    }


def _set_random_states(states: dict[str, Any]) -> None:
    th.set_rng_state(states["torch"])
    kind, keys, *rest = states["numpy"]
    np.random.set_state((kind, keys.numpy().astype(np.uint32), *rest))  # noqa: NPY002 as above
    version, numbers, gauss = states["python"]
    random.setstate((version, tuple(numbers), gauss))
