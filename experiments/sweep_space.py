"""What a sweep tries: the settings of its trials, drawn from the ranges of a configuration file.

Source: Bergstra, Bengio 2012 (random search: no range has to be cut into a grid).
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from experiments.config import SWEEP, LearnConfig, TrainConfig, config_of, read_toml
from experiments.workshop import check_learner
from nba.errors import InputError
from nba.seeding import generator

_ENDS: Final = {"low", "high", "log"}
_SAME_CENTRE: Final = frozenset({"preset", "scenario", "seed"})
# The log and the start are made once for all trials, and all may take the same number of decisions.
_SAME_TRAINING: Final = _SAME_CENTRE | {"log_days", "start", "total_steps"}
_TRIES: Final = 100  # draws for one trial that is unlike the others


@dataclass(frozen=True, slots=True)
class Choices:
    """One of some values, each as likely."""

    values: tuple[object, ...]

    def draw(self, rng: np.random.Generator) -> object:
        """One of them."""
        return self.values[int(rng.integers(len(self.values)))]


@dataclass(frozen=True, slots=True)
class Range:
    """A number between two ends, both included; even on a logarithmic scale if told so."""

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def draw(self, rng: np.random.Generator) -> float | int:
        """A number of four digits, which a person can read."""
        if self.whole and not self.log:
            return int(rng.integers(int(self.low), int(self.high) + 1))
        ends = (self.low, self.high)
        drawn = np.exp(rng.uniform(*np.log(ends))) if self.log else rng.uniform(*ends)
        number = min(max(float(f"{drawn:.4g}"), self.low), self.high)
        return round(number) if self.whole else number


Space = Mapping[str, Choices | Range]

_SCORER_SPACE: Final[Space] = MappingProxyType(
    {
        "learning_rate": Range(5e-4, 1e-2, log=True),
        "horizon_s": Range(100.0, 2000.0, log=True),
        "gae_lambda": Range(0.8, 0.98),
        "entropy_weight": Range(3e-4, 3e-2, log=True),
        "clip_range": Choices((0.1, 0.2, 0.3)),
        "epochs": Choices((2, 4, 8)),
        "hidden": Choices((16, 32, 64)),
        "prior_weight": Range(1.0, 16.0, log=True),
    }
)
_FROM_A_LOG: Final[Space] = MappingProxyType({"log_days": Choices((10, 20, 40, 80))})
_BY_SERVING: Final[Space] = MappingProxyType(
    {"rounds": Choices((5, 10, 20)), "round_days": Choices((2, 4, 8))}
)
_INDEX_RULE: Final[Space] = MappingProxyType(
    {**_FROM_A_LOG, "candidates": Choices((20, 40, 80)), "first_days": Choices((8, 16, 32))}
)
_NET: Final[Space] = MappingProxyType(
    {**_FROM_A_LOG, "steps": Choices((100_000, 200_000, 400_000))}
)
# Of each rung below the action scorer.
_SPACES: Final[Mapping[str, Space]] = MappingProxyType(
    {
        **dict.fromkeys(("greedy", "fitted_q", "awac", "cql"), _FROM_A_LOG),
        **dict.fromkeys(("dr_policy", "ipw_policy"), _FROM_A_LOG),
        **dict.fromkeys(("epsilon_greedy", "softmax", "linucb"), _BY_SERVING),
        **dict.fromkeys(("thompson", "squarecb"), _BY_SERVING),
        "index_rule": _INDEX_RULE,
        "dqn": _NET,
        "neural_linear": {**_NET, **_BY_SERVING},
    }
)


@dataclass(frozen=True, slots=True)
class Trial:
    """One of a sweep's trials: what was drawn for it, and the whole configuration."""

    number: int
    settings: Mapping[str, object]
    config: TrainConfig | LearnConfig


def draw_trials(path: Path, n: int) -> list[Trial]:
    """Different trials of a configuration file; the first is the file as it stands.

    They are drawn from its table [sweep], else from the ranges of its learner; the same file gives
    the same trials, and more of them begin with the fewer. There are less than `n` where the space
    has no more. Raises InputError that names the key of a mistake.
    """
    values = read_toml(path)
    table = values.pop(SWEEP, None)
    base = config_of(values, path)
    if isinstance(base, LearnConfig):
        check_learner(base)
    space = default_space(base) if table is None else _read_space(table, base, path)
    plain, rng = base.as_dict(), generator(base.seed, "sweep")
    trials = [Trial(0, {name: plain[name] for name in space}, base)]
    for _ in range(_TRIES * n):
        if len(trials) == n:
            break
        drawn = {name: one.draw(rng) for name, one in space.items()}
        config = _with(values, drawn, base, path)
        if config not in [trial.config for trial in trials]:
            settled = config.as_dict()
            trials.append(Trial(len(trials), {name: settled[name] for name in space}, config))
    return trials


def default_space(config: TrainConfig | LearnConfig) -> Space:
    """The ranges of a learner for a file that names none."""
    if isinstance(config, TrainConfig):
        return _SCORER_SPACE
    return _SPACES[config.learner]


def _read_space(table: object, base: TrainConfig | LearnConfig, path: Path) -> Space:
    fixed = _SAME_TRAINING if isinstance(base, TrainConfig) else _SAME_CENTRE
    types = {field.name: field.type for field in fields(base) if field.name not in fixed}
    if not isinstance(table, dict) or not table:
        raise InputError(f"[sweep] of {path} is empty; give ranges for some of {', '.join(types)}")
    for name in table:
        if name in fixed:
            raise InputError(
                f"[sweep] of {path} varies {name!r}, which all trials share; set it above the "
                f"table, and vary some of {', '.join(types)}"
            )
        if name not in types:
            raise InputError(
                f"[sweep] of {path} has an unknown key {name!r}; use {', '.join(types)}"
            )
    return {
        name: _read_one(given, f"[sweep] of {path}: {name}", whole=types[name] is int)
        for name, given in table.items()
    }


def _read_one(given: object, place: str, *, whole: bool) -> Choices | Range:
    if isinstance(given, list) and given:
        return Choices(tuple(given))
    if not isinstance(given, dict) or not {"low", "high"} <= given.keys() <= _ENDS:
        raise InputError(
            f"{place} is {given!r}; give a list of values, or {{low = …, high = …, log = true}}, "
            "the last if wanted"
        )
    low, high, log = given["low"], given["high"], given.get("log", False)
    if not (_is_number(low, whole=whole) and _is_number(high, whole=whole)) or low >= high:
        kind = "whole numbers" if whole else "numbers"
        raise InputError(f"{place} is from {low!r} to {high!r}; give {kind}, the lower one first")
    if type(log) is not bool or (log and low <= 0):
        raise InputError(f"{place} has log = {log!r} from {low!r}; it is true or false, above zero")
    return Range(low, high, log=log, whole=whole)


def _is_number(value: object, *, whole: bool) -> bool:
    return type(value) is int or (type(value) is float and not whole and bool(np.isfinite(value)))


def _with(
    values: Mapping[str, Any],
    drawn: Mapping[str, object],
    base: TrainConfig | LearnConfig,
    path: Path,
) -> TrainConfig | LearnConfig:
    """The configuration with what was drawn, which has to be of the same kind."""
    config = config_of({**values, **drawn}, path)
    if isinstance(config, LearnConfig):
        check_learner(config)
    elif isinstance(base, LearnConfig):
        raise InputError(f"[sweep] of {path} mixes the action scorer with other learners")
    return config
