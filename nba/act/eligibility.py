"""Eligibility: declarative rules remove actions before a policy sees them, each with its reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from nba.errors import InputError
from nba.listen.encode import FeatureSpec
from nba.types import Action, ActionSet, Floats32

FALLBACK_KIND: Final = "queue"  # rules without kinds leave it: some action must stay


@dataclass(frozen=True, slots=True)
class Rule:
    """Removes actions whose feature is out of bounds, or that need a consent that is not given.

    >>> Rule("occupancy cap", kinds=("employee",), column="occupancy_1h", most=0.95).name
    'occupancy cap'
    """

    name: str
    kinds: tuple[str, ...] = ()  # which kinds of action it looks at; empty: all but the queue
    column: str = ""  # an encoded action column, in the feature's unit; empty: no bound
    least: float = float("-inf")
    most: float = float("inf")
    needs_consent: bool = False

    def removes(self, action: Action, spec: FeatureSpec, *, consent: bool) -> str | None:
        """Why this rule removes the action; None if it does not."""
        if self.kinds and action.kind not in self.kinds:
            return None
        if not self.kinds and action.kind == FALLBACK_KIND:
            return None
        if self.needs_consent and not consent:
            return f"{self.name}: the customer has not consented to {action.kind}"
        if not self.column:
            return None
        value = action.features[spec.action_column(self.column)]
        # A bound is rounded like the features of a request, which may be float32.
        low, high = np.array([self.least, self.most], dtype=action.features.dtype)
        if low <= value <= high:
            return None
        bound = f"above {self.most:g}" if value > self.most else f"below {self.least:g}"
        return f"{self.name}: {self.column} {value:.3g} is {bound}"


# Trade sources call an occupancy above 90 % a road to burnout; the cap of 95 % is assumed.
RULES: Final = (
    Rule("occupancy cap", kinds=("employee",), column="occupancy_1h", most=0.95),
    Rule("consent", kinds=("callback",), needs_consent=True),
)


@dataclass(frozen=True, slots=True)
class Screen:
    """A quick test for all actions of a decision at once: most decisions lose none to the rules."""

    bounds: tuple[tuple[int, float, float], ...]  # column, least, most: float32 like the features
    needs_consent: bool

    @classmethod
    def of(cls, rules: Sequence[Rule], spec: FeatureSpec) -> Self:
        """The test that rules and spec make."""
        return cls(
            tuple(
                (
                    spec.action_column(rule.column),
                    float(np.float32(rule.least)),
                    float(np.float32(rule.most)),
                )
                for rule in rules
                if rule.column
            ),
            any(rule.needs_consent for rule in rules),
        )

    def clear(self, features: Floats32, *, consent: bool) -> bool:
        """True if no rule can remove any of these actions (k, p); False: ask each rule."""
        if self.needs_consent and not consent:
            return False
        for column, least, most in self.bounds:
            values = features[:, column].tolist()
            if max(values) > most or min(values) < least:
                return False
        return True


def check_rules(rules: Sequence[Rule], spec: FeatureSpec) -> None:
    """Refuse a rule on a column that the spec does not have."""
    for rule in rules:
        if rule.column and rule.column not in spec.action_names:
            raise InputError(
                f"rule {rule.name!r} looks at {rule.column!r}, which spec {spec.name!r} does not "
                f"have; use one of {', '.join(spec.action_names)}"
            )


def eligible(
    actions: Sequence[Action],
    *,
    spec: FeatureSpec,
    consent: bool = True,
    unavailable: Mapping[str, str] | None = None,
    rules: Sequence[Rule] = RULES,
) -> tuple[ActionSet, dict[str, str]]:
    """The actions that stay, in order, and for each removed one the first rule that removed it.

    `unavailable` maps action ids to the caller's own reason. Raises InputError if none stays.
    """
    excluded = {action: f"unavailable: {reason}" for action, reason in (unavailable or {}).items()}
    for action in actions:
        if action.id in excluded:
            continue
        for rule in rules:
            reason = rule.removes(action, spec, consent=consent)
            if reason is not None:
                excluded[action.id] = reason
                break
    stay = tuple(action for action in actions if action.id not in excluded)
    if not stay:
        first, reason = next(iter(excluded.items()), ("", "no action was given"))
        raise InputError(
            f"no action is eligible ({first}: {reason}; {len(excluded)} removed); "
            f"add an action of kind {FALLBACK_KIND!r}, which is always a way out"
        )
    return ActionSet(stay), excluded
