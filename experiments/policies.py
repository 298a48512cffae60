"""Policies by name or by file, for the commands."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

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
}


def policy_of(name: str, *, exploration: float = 0.0) -> Policy:
    """A named policy, or the one in a policy file, with a share of random choices mixed in.

    Raises InputError for what is neither, PolicyFileError for a file of another feature spec.
    """
    if name in NAMED:
        policy = NAMED[name]()
    elif Path(name).exists():
        policy = load_policy(Path(name), spec=CONTACT_CENTRE).policy
    else:
        known = ", ".join(NAMED)
        raise InputError(f"no policy {name!r}; give a policy file, or one of {known}")
    return EpsilonGreedy(policy, exploration) if exploration > 0.0 else policy
