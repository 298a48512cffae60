"""A training run in a file: every setting with its unit, unknown keys refused."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

from nba.errors import InputError

SCORER: Final = "action_scorer"  # the learner that TrainConfig is for
SWEEP: Final = "sweep"  # the table of a file that only `nba sweep` reads
INDEX_RULE: Final = "index_rule"  # where the action scorer starts from, unless told otherwise
_TINY: Final = 1e-12
_SEED: Final = ("seed", 0, 999_999)
_RANGES: Final = (
    ("total_steps n_envs rollout_steps epochs hidden log_days", 1, 10**12),
    ("batch_size", 2, 10**9),
    ("critic_steps", 0, 10**12),
    _SEED,
    ("learning_rate", _TINY, 1e38),
    ("horizon_s reward_scale temperature clip_range max_grad_norm", _TINY, 1e9),
    ("final_learning_rate gae_lambda", 0.0, 1.0),
    ("floor", 0.0, 0.999),
    ("wait_limit_s abandoned_limit cost_limit_eur overload_limit_s multiplier_rate", 0.0, 1e6),
    ("entropy_weight value_weight prior_weight", 0.0, 1e6),
)


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """How the action scorer is trained: the centre, the learner, the policy that comes out."""

    preset: str = "bank"
    scenario: str = "normal"
    seed: int = 0
    # Experience
    total_steps: int = 300_000  # decisions
    n_envs: int = 128  # centres side by side
    rollout_steps: int = 128  # decisions of each centre between two updates
    log_days: int = 40  # centre-days of the log that the reward model is fitted on
    start: str = INDEX_RULE  # tuned, or a policy file: a scorer goes on, a bandit is the prior
    critic_steps: int = 0  # decisions at the start from which only the value learns
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
    # Limits per contact, each kept by a Lagrange multiplier; 0: none
    wait_limit_s: float = 0.0
    abandoned_limit: float = 0.0  # share of contacts
    cost_limit_eur: float = 0.0  # of the channels
    overload_limit_s: float = 0.0  # of the employees' time
    multiplier_rate: float = 0.2  # rise per rollout at twice the limit, in the component's price
    # The policy
    hidden: int = 32
    prior_weight: float = 4.0  # logits per EUR of the index that the scorer starts from
    temperature: float = 0.3  # of the exported policy
    floor: float = 0.005  # share of the exported policy spread over all eligible actions

    def __post_init__(self) -> None:
        for names, low, high in _RANGES:
            for name in names.split():
                if not low <= getattr(self, name) <= high:
                    raise InputError(
                        f"{name} is {getattr(self, name)}; from {low:g} to {high:g} is allowed"
                    )
        rollout = self.n_envs * self.rollout_steps
        if rollout < 2 or rollout % self.batch_size == 1:
            raise InputError(
                f"batch_size is {self.batch_size}, which leaves one decision alone in the last "
                f"batch of {rollout}; choose one that divides n_envs · rollout_steps"
            )

    @property
    def whole_steps(self) -> int:
        """Decisions that training really takes: whole rollouts, the last one filled up."""
        rollout = self.n_envs * self.rollout_steps
        return -(-self.total_steps // rollout) * rollout

    def as_dict(self) -> dict[str, Any]:
        """The settings as plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class LearnConfig:
    """A rung below the action scorer: what it learns from, and how much of it."""

    learner: str  # one of experiments.learned.FILED
    preset: str = "bank"
    scenario: str = "normal"
    seed: int = 0
    log_days: int = 40  # centre-days of the exploring log, for those that learn from one
    rounds: int = 10  # of a bandit that serves while it learns
    round_days: int = 4  # centre-days of a round
    candidates: int = 40  # prices of the index rule that are tried first
    first_days: int = 16  # on so many days, the best on more
    refinements: int = 2  # rounds of points around the best
    refine_days: int = 120
    steps: int = 200_000  # decisions of a net's training

    def __post_init__(self) -> None:
        counts = "log_days rounds round_days candidates first_days refine_days"
        ranges = ((counts, 1, 100_000), ("steps", 1, 10**12), ("refinements", 0, 100), _SEED)
        for names, low, high in ranges:
            for name in names.split():
                if not low <= getattr(self, name) <= high:
                    raise InputError(
                        f"{name} is {getattr(self, name)}; from {low:g} to {high:g} is allowed"
                    )

    def as_dict(self) -> dict[str, Any]:
        """The settings as plain values."""
        return asdict(self)


def read_config(path: Path) -> TrainConfig | LearnConfig:
    """The configuration in a TOML file; InputError names the file and the key.

    Its key `learner` says which rung of the ladder it is for; without one it is the action scorer.
    """
    values = read_toml(path)
    values.pop(SWEEP, None)
    return config_of(values, path)


def read_toml(path: Path) -> dict[str, Any]:
    """What a TOML file holds; InputError if it cannot be read or is none."""
    try:
        return tomllib.loads(path.read_text())
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not TOML: {error}") from error


def config_of(given: Mapping[str, object], path: Path) -> TrainConfig | LearnConfig:
    """The configuration of these keys; InputError names the key and the file they are from."""
    values: dict[str, Any] = dict(given)
    if values.get("learner") == SCORER:
        del values["learner"]
    kind = LearnConfig if "learner" in values else TrainConfig
    types = {field.name: field.type for field in fields(kind)}
    for name, value in values.items():
        if name not in types:
            raise InputError(f"{path} has an unknown key {name!r}; use {', '.join(types)}")
        if types[name] is float and type(value) is int:
            values[name] = float(value)
        elif type(value) is not types[name]:
            raise InputError(
                f"{path}: {name} is {value!r}; a value of type {types[name].__name__} is needed"  # type: ignore[union-attr]  # field types are classes here
            )
    return kind(**values)
