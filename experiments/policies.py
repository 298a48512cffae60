"""Policies by name or by file, for the commands."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from envs.baselines.named import STAGES, rule
from envs.baselines.true_greedy import TrueGreedy
from envs.config import CentreConfig
from experiments.learned import LEARNED, Schooling
from nba.act.bundle import load_policy
from nba.act.epsilon_greedy import EpsilonGreedy
from nba.act.longest_idle import LongestIdle
from nba.act.uniform import Uniform
from nba.errors import InputError
from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import Policy

NAMED: Final[dict[str, Callable[[], Policy]]] = {
    "longest_idle": lambda: LongestIdle(CONTACT_CENTRE),
    "uniform": Uniform,
    "random": lambda: Uniform(name="random"),
    **{name: partial(rule, name) for name in STAGES},
    "true_greedy": TrueGreedy,
}


def policy_of(
    name: str,
    *,
    exploration: float = 0.0,
    centre: CentreConfig | None = None,
    schooling: Schooling | None = None,
) -> Policy:
    """A named policy, or the one in a policy file, with a share of random choices mixed in.

    A policy that learns first does so in `centre`. Raises InputError for what is neither a name
    nor a file, PolicyFileError for a file of another feature spec.
    """
    if name in NAMED:
        policy = NAMED[name]()
    elif name in LEARNED:
        if centre is None:
            raise InputError(f"policy {name!r} learns before it serves; say in which centre")
        policy = LEARNED[name](centre, schooling or Schooling())
    elif Path(name).exists():
        policy = load_policy(Path(name), spec=CONTACT_CENTRE).policy
    else:
        known = ", ".join([*NAMED, *LEARNED])
        raise InputError(f"no policy {name!r}; give a policy file, or one of {known}")
    return EpsilonGreedy(policy, exploration) if exploration > 0.0 else policy
