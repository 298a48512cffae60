"""A policy with all that a decision needs beside it: immutable, swapped by one assignment."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from nba.act.bundle import LoadedPolicy, load_policy
from nba.act.eligibility import RULES, Rule
from nba.types import Policy
from serving.path.fallback import safe_rule
from serving.path.parts import Parts


@dataclass(frozen=True, slots=True)
class Served:
    """What one policy version decides with."""

    loaded: LoadedPolicy
    safe_rule: Policy
    rules: tuple[Rule, ...]
    parts: Parts = field(init=False)  # worked out from the rest

    def __post_init__(self) -> None:
        policy, spec = self.loaded.policy, self.loaded.card.spec
        object.__setattr__(self, "parts", Parts.of(policy, self.safe_rule, self.rules, spec))


def ruled(served: Served) -> Served:
    """The same with its safe rule as the policy: what decides where no policy may act."""
    return replace(served, loaded=replace(served.loaded, policy=served.safe_rule))


def load_served(path: Path, *, occupancy_cap: float) -> Served:
    """The policy of a file, verified on its golden inputs; raises PolicyFileError for a bad one."""
    loaded = load_policy(path)
    known = {"", *loaded.card.spec.action_names}  # a spec without occupancy has no cap on it
    rules = tuple(
        replace(rule, most=occupancy_cap) if rule.name == "occupancy cap" else rule
        for rule in RULES
        if rule.column in known
    )
    return Served(loaded, safe_rule(loaded.card.spec), rules)
