"""A rule as a policy: groups of actions in order of preference, the best of the first that is open.

Where doing nothing is legal (an outbound occasion), the rules of inbound routing do nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from envs.baselines.seen import Seen
from nba.act.policy import best_of, one_row
from nba.errors import InputError
from nba.listen.encode import FeatureSpec
from nba.types import ActionSet, Bools, Context, Floats, Floats32

Stage = tuple[Bools, Floats]  # (B, A) the actions of a group, and how much each is preferred
Stages = Callable[[Seen], Sequence[Stage]]


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """All mass on the most preferred action of the first group with a legal one; ties: the first.

    After the rule's own groups come the shared queue, then the shortest expected wait. InputError
    if the spec lacks a column that the rule reads.
    """

    name: str
    spec: FeatureSpec
    stages: Stages
    version: str = "rule-1"

    def __post_init__(self) -> None:
        d, p = len(self.spec.context_names), len(self.spec.action_names)
        nobody = np.zeros((0, 1), dtype=np.bool_)
        seen = Seen(
            self.spec, np.zeros((0, d), np.float32), np.zeros((0, 1, p), np.float32), nobody
        )
        try:
            self._ordered(seen)
        except InputError as error:
            raise InputError(f"rule {self.name!r}: {error}") from error

    def probabilities(self, context: Context, actions: ActionSet) -> Floats:
        """The probability of each action, (k,)."""
        return one_row(self, context, actions)

    def batch_probabilities(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats:
        """(B, d), (B, A, p), (B, A) → (B, A), zero where masked."""
        ordered = self._ordered(Seen(self.spec, context, actions, mask))
        group, preference = first_open(ordered, mask)
        return best_of(preference, group)

    def _ordered(self, seen: Seen) -> list[Stage]:
        nothing, queue = seen.legal("none"), seen.legal("queue")
        return [
            (nothing, seen.soon),
            *self.stages(seen),
            (queue, seen.soon),
            (seen.mask, seen.soon),
        ]


def first_open(stages: Sequence[Stage], mask: Bools) -> Stage:
    """Per row the first group with a legal action, and its preferences, (B, A) and (B, A)."""
    group, preference = np.zeros_like(mask), np.zeros(mask.shape)
    for members, preferred in stages:
        legal = members & mask
        taken = legal.any(axis=1, keepdims=True) & ~group.any(axis=1, keepdims=True)
        group = np.where(taken, legal, group)
        preference = np.where(taken, preferred, preference)
    return group, preference
