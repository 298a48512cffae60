"""The rules by name: every baseline that needs nothing but the observation."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from envs.baselines.bot_first import bot_first
from envs.baselines.c_mu import c_mu
from envs.baselines.idle_rules import best_skill, fastest, fcfs_alis, p_mu, shortest_wait
from envs.baselines.rule import Rule, Stages
from envs.baselines.rule_table import static_rules
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.encode import FeatureSpec

STAGES: Final[Mapping[str, Stages]] = MappingProxyType(
    {
        "static_rules": static_rules,
        "fcfs_alis": fcfs_alis,
        "best_skill": best_skill,
        "fastest": fastest,
        "p_mu": p_mu,
        "shortest_wait": shortest_wait,
        "c_mu": c_mu,
        "bot_first": bot_first,
    }
)


def rule(name: str, spec: FeatureSpec = CONTACT_CENTRE) -> Rule:
    """The rule of this name.

    >>> rule("p_mu").name
    'p_mu'
    """
    return Rule(name, spec, STAGES[name])
