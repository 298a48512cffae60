"""A training run in a file: every setting with its unit, unknown keys refused."""

import tomllib
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from nba.errors import InputError


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """How the action scorer is trained: the centre, the learner, the policy that comes out."""

    preset: str = "bank"
    seed: int = 0
    # Experience
    total_steps: int = 300_000  # decisions
    n_envs: int = 128  # centres side by side
    rollout_steps: int = 128  # decisions of each centre between two updates
    log_days: int = 40  # centre-days of the log that the reward model is fitted on
    # MaskablePPO
    batch_size: int = 2048
    epochs: int = 4
    learning_rate: float = 3e-3
    final_learning_rate: float = 1.5e-4  # reached linearly at the end
    horizon_s: float = 600.0  # rewards are discounted by exp(−dt / horizon)
    gae_lambda: float = 0.9
    clip_range: float = 0.2
    entropy_weight: float = 0.003
    value_weight: float = 0.5
    max_grad_norm: float = 0.5
    reward_scale: float = 0.2  # EUR → the learner's unit
    # The policy
    hidden: int = 32
    prior_weight: float = 4.0  # logits per EUR of the index that the scorer starts from
    temperature: float = 0.3  # of the exported policy
    floor: float = 0.005  # share of the exported policy spread over all eligible actions

    def __post_init__(self) -> None:
        for name in ("total_steps", "n_envs", "rollout_steps", "batch_size", "epochs", "hidden"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}; at least 1 is needed")
        for name in ("learning_rate", "horizon_s", "reward_scale", "temperature"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} is {getattr(self, name)}; a number above 0 is needed")

    @property
    def whole_steps(self) -> int:
        """Decisions that training really takes: whole rollouts, the last one filled up."""
        rollout = self.n_envs * self.rollout_steps
        return -(-self.total_steps // rollout) * rollout

    def as_dict(self) -> dict[str, Any]:
        """The settings as plain values."""
        return asdict(self)


def read_config(path: Path) -> TrainConfig:
    """The configuration in a TOML file; InputError names the file and the key."""
    try:
        values = tomllib.loads(path.read_text())
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path} is not TOML: {error}") from error
    types = {field.name: field.type for field in fields(TrainConfig)}
    for name, value in values.items():
        if name not in types:
            raise InputError(f"{path} has an unknown key {name!r}; use {', '.join(types)}")
        if types[name] is float and type(value) is int:
            values[name] = float(value)
        elif type(value) is not types[name]:
            raise InputError(
                f"{path}: {name} is {value!r}; a value of type {types[name].__name__} is needed"  # type: ignore[union-attr]  # field types are classes here
            )
    return TrainConfig(**values)
