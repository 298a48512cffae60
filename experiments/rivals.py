"""Policies to compare, by name: rules, policy files, and what is learned anew for each seed."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from envs.config import CentreConfig
from experiments.commit import commit_of
from experiments.config import LearnConfig, TrainConfig, read_config
from experiments.learned import LEARNED, Schooling
from experiments.policies import NAMED, policy_of
from experiments.workshop import CUT_SHORT, learn_from_config, train_from_config
from nba.act.bundle import load_policy
from nba.errors import InputError
from nba.listen.contact_features import CONTACT_CENTRE
from nba.terminal import note
from nba.types import Policy

CONFIGS: Final = Path(__file__).with_name("configs")


@dataclass(frozen=True, slots=True)
class Rival:
    """A policy to be compared, or a way to learn one from a seed."""

    name: str  # as it was asked for
    policy: Callable[[int], Policy]  # of a seed block
    learned_anew: bool


def rival(name: str, *, preset: str, scenario: str, centre: CentreConfig, out: Path) -> Rival:
    """What a name, a policy file or a configuration stands for in this centre.

    A configuration is a TOML file or the name of one of the project's; its preset, scenario and
    seed give way to the comparison's. Raises InputError for what is none of these.
    """
    path = CONFIGS / f"{name}.toml"
    if name in NAMED:
        policy = policy_of(name)
        return Rival(name, lambda _: policy, learned_anew=False)
    if name in LEARNED:
        return Rival(
            name,
            lambda seed: policy_of(name, centre=centre, schooling=Schooling(seed=seed)),
            learned_anew=True,
        )
    if name.endswith(".toml") or path.exists():
        config = read_config(Path(name) if name.endswith(".toml") else path)
        config = replace(config, preset=preset, scenario=scenario)
        return Rival(
            name,
            lambda seed: load_policy(trained_file(replace(config, seed=seed), out)).policy,
            learned_anew=True,
        )
    if not Path(name).exists():
        known = ", ".join(dict.fromkeys([*NAMED, *LEARNED, *(p.stem for p in CONFIGS.iterdir())]))
        raise InputError(f"no policy {name!r}; give a policy or TOML file, or one of {known}")
    policy = load_policy(Path(name), spec=CONTACT_CENTRE).policy
    return Rival(name, lambda _: policy, learned_anew=False)


def trained_file(config: TrainConfig | LearnConfig, out: Path) -> Path:
    """The policy file of a configuration, trained at most once for each commit.

    Ctrl-C leaves no file here: half a training would pass for a whole one in a comparison.
    """
    described = repr((config, commit_of(Path(__file__).parent)))
    digest = hashlib.blake2b(described.encode(), digest_size=8).hexdigest()
    path = out / f"{digest}.safetensors"
    if path.exists():
        note(f"seed {config.seed}: taken from {path}")
        return path
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out) as folder:
        if isinstance(config, LearnConfig):
            made, _ = learn_from_config(config, Path(folder))
        else:
            made, _ = train_from_config(config, Path(folder))
        if CUT_SHORT in load_policy(made).card.evaluation:
            raise KeyboardInterrupt
        shutil.move(made, path)
    return path


def names_of(text: str) -> list[str]:
    """The names in a list with commas.

    >>> names_of("longest_idle, uniform,")
    ['longest_idle', 'uniform']
    """
    return [name.strip() for name in text.split(",") if name.strip()]
