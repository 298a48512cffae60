"""A policy with all that a decision needs beside it: immutable, swapped by one assignment."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from nba.act.bundle import LoadedPolicy, load_policy
from nba.act.eligibility import Eligibility
from nba.act.rules import RuleSet, built_in, read_rules
from nba.types import Policy
from serving.path.fallback import safe_rule
from serving.path.parts import Parts


@dataclass(frozen=True, slots=True)
class Served:
    """What one policy version decides with."""

    loaded: LoadedPolicy
    safe_rule: Policy
    rules: Eligibility
    parts: Parts = field(init=False)  # worked out from the rest

    def __post_init__(self) -> None:
        policy, spec = self.loaded.policy, self.loaded.card.spec
        object.__setattr__(self, "parts", Parts.of(policy, self.safe_rule, spec))


def ruled(served: Served) -> Served:
    """The same with its safe rule as the policy: what decides where no policy may act."""
    return replace(served, loaded=replace(served.loaded, policy=served.safe_rule))


def load_served(path: Path, *, occupancy_cap: float, rules: RuleSet | None = None) -> Served:
    """The policy of a file, verified on its golden inputs, with the rules or the built-in ones.

    Raises PolicyFileError for a bad file, InputError for a rule on a feature its spec lacks.
    """
    loaded = load_policy(path)
    spec = loaded.card.spec
    if rules is None:  # a spec without occupancy has no cap on it
        compiled = Eligibility(built_in(occupancy_cap), spec, lenient=True)
    else:
        compiled = Eligibility(rules, spec)
    return Served(loaded, safe_rule(spec), compiled)


def rules_of(file: str) -> RuleSet | None:
    """The rules of a file named in the settings; None, for the built-in ones, if none is named."""
    return read_rules(Path(file)) if file else None
