"""The policy being served: one reference to immutable things, swapped between two requests."""

from dataclasses import dataclass, replace
from pathlib import Path

from nba.act.bundle import LoadedPolicy, load_policy
from nba.act.eligibility import RULES, Rule
from nba.types import Policy
from serving.path.fallback import safe_rule


@dataclass(frozen=True, slots=True)
class Served:
    """A policy with all that a decision needs beside it."""

    loaded: LoadedPolicy
    safe_rule: Policy
    rules: tuple[Rule, ...]


class PolicyStore:
    """Holds what is served now; a new file is verified beside it before it takes its place."""

    def __init__(self, path: Path, *, occupancy_cap: float) -> None:
        self._rules = tuple(
            replace(rule, most=occupancy_cap) if rule.name == "occupancy cap" else rule
            for rule in RULES
        )
        self.path = path
        self.current = self._load(path)

    def swap(self, path: Path) -> Served:
        """Serve another file from now on; on a PolicyFileError nothing changes."""
        self.current = self._load(path)
        self.path = path
        return self.current

    def _load(self, path: Path) -> Served:
        loaded = load_policy(path)
        known = {"", *loaded.card.spec.action_names}  # a spec without occupancy has no cap on it
        rules = tuple(rule for rule in self._rules if rule.column in known)
        return Served(loaded, safe_rule(loaded.card.spec), rules)
