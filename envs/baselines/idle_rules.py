"""Rules that choose among idle employees; when nobody fits, the contact joins the shared queue."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from envs.baselines.rule import Stage
from envs.baselines.seen import Seen
from nba.types import Floats

SKILLED: Final = 0.5  # an estimate from here up counts as having the skill, assumed


def fcfs_alis(seen: Seen) -> Sequence[Stage]:
    """First come, first served; assign the longest idle server among those who are compatible.

    Compatible: skilled for the guessed intent and speaking the language. Otherwise the contact
    waits in the shared queue, first come first served (which may hand it to whoever is idle).
    Source: Adan and Weiss 2014.
    """
    skilled = seen.of_action("skill_estimate") >= SKILLED
    return [(seen.idle & skilled & seen.speaking, seen.of_action("idle_s"))]


def best_skill(seen: Seen) -> Sequence[Stage]:
    """The most skilled idle employee for the guessed intent, the customer's language first.

    Source: skill-level routing as in Gans, Koole and Mandelbaum 2003, section 5.
    """
    return in_language_first(seen, seen.of_action("skill_estimate"))


def fastest(seen: Seen) -> Sequence[Stage]:
    """The idle employee with the smallest expected handling time (fastest server first).

    Source: Armony 2005. The estimate holds the cost of a foreign language already.
    """
    return [(seen.idle, -seen.of_action("expected_handle_s"))]


def p_mu(seen: Seen) -> Sequence[Stage]:
    """The idle employee with the highest resolution rate p·μ.

    Source: de Véricourt and Zhou 2005, where unresolved customers call back.
    """
    return [(seen.idle, seen.of_action("resolve_estimate") * seen.rate)]


def shortest_wait(seen: Seen) -> Sequence[Stage]:
    """The employee or queue with the shortest expected wait; of those idle, the longest idle.

    Source: Houck 1987; Whitt 1986 shows where joining the shortest expected delay is not optimal.
    """
    people = seen.legal("employee") | seen.legal("queue")
    return [*longest_idle(seen), (people, seen.soon)]


def longest_idle(seen: Seen) -> Sequence[Stage]:
    """The longest idle employee, the customer's language first. Source: Atar 2008."""
    return in_language_first(seen, seen.of_action("idle_s"))


def in_language_first(seen: Seen, preference: Floats) -> Sequence[Stage]:
    """Idle employees by a preference (B, A), those who speak the language before the others."""
    return [(np.asarray(seen.idle & seen.speaking), preference), (seen.idle, preference)]
