"""A policy with all that a decision needs beside it: immutable, swapped by one assignment."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from nba.act.bundle import LoadedPolicy, load_policy
from nba.act.eligibility import Eligibility
from nba.act.levers import with_levers
from nba.act.rules import RuleSet, built_in, read_rules
from nba.types import Policy
from serving.path.fallback import safe_rule
from serving.path.parts import Parts
from serving.path.usual import Usual, usual_of

Levers = tuple[tuple[str, float], ...]
_KEPT: Final = 64  # weightings for which a policy is ready


@dataclass(frozen=True, slots=True)
class Served:
    """What one policy version decides with."""

    loaded: LoadedPolicy
    safe_rule: Policy
    rules: Eligibility
    parts: Parts = field(init=False)  # worked out from the rest
    usual: Usual | None = field(init=False, repr=False, compare=False)
    levered: dict[Levers, "Served"] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        policy, spec = self.loaded.policy, self.loaded.card.spec
        parts = Parts.of(policy, self.safe_rule, spec)
        object.__setattr__(self, "parts", parts)
        object.__setattr__(self, "usual", usual_of(parts.policy, self.rules, spec))
        object.__setattr__(self, "levered", {})


def under(served: Served, levers: Mapping[str, float]) -> Served:
    """The same under other weights of the outcome components; the last ones asked for are kept.

    Raises InputError for an unknown component, or a policy that has learned none.
    """
    key = tuple(sorted(levers.items()))
    found = served.levered.get(key)
    if found is None:
        loaded = served.loaded
        policy = with_levers(loaded.policy, loaded.card.objective, levers)
        found = replace(served, loaded=replace(loaded, policy=policy))
        while len(served.levered) >= _KEPT:
            del served.levered[next(iter(served.levered))]
        served.levered[key] = found
    return found


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
