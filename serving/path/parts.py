"""What the decision path works out once per policy version, so that no request pays for it."""

from dataclasses import dataclass
from typing import Self

from nba.act.explain import Explainer
from nba.act.one_decision import OneDecision, one_decision
from nba.listen.encode import FeatureSpec
from nba.types import Policy
from serving.path.asked import Reader, reader_of


@dataclass(frozen=True, slots=True)
class Chooser:
    """A policy with its quick form and its explainer."""

    policy: Policy
    decide: OneDecision
    explainer: Explainer

    @classmethod
    def of(cls, policy: Policy, spec: FeatureSpec) -> Self:
        """The chooser of a policy."""
        return cls(policy, one_decision(policy), Explainer.of(policy, spec))


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one served policy."""

    reader: Reader
    policy: Chooser
    safe_rule: Chooser

    @classmethod
    def of(cls, policy: Policy, safe_rule: Policy, spec: FeatureSpec) -> Self:
        """What follows from a policy, its safe rule and their spec."""
        return cls(
            reader_of(spec),
            Chooser.of(policy, spec),
            Chooser.of(safe_rule, spec),
        )
