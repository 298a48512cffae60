"""Greedy on the truth: what a perfect reward model would choose. A yardstick, not an upper bound.

It is blind to what a choice takes from later contacts, so a policy that thinks ahead can beat it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, Self, runtime_checkable

from nba.act.policy import best_of, one_row
from nba.errors import InputError
from nba.types import ActionSet, Bools, Context, Floats, Floats32, Policy

Truth = Callable[[], Floats]  # true expected EUR (B, A) of each action at the pending decisions


@runtime_checkable
class NeedsTruth(Protocol):
    """A policy that only a simulation can run: it asks the world what is true."""

    def bind(self, truth: Truth) -> Policy:
        """The same policy, asking this world; the original stays as it is."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class TrueGreedy:
    """All mass on the largest true expected reward of the legal actions; equals: the first.

    Decisions must be those that are pending in the bound world, row by row. InputError while no
    world is bound, or if the batch is another one than the world's.
    """

    truth: Truth | None = None
    name: str = "true_greedy"
    version: str = "rule-1"

    def bind(self, truth: Truth) -> Self:
        """The same policy, asking this world."""
        return replace(self, truth=truth)

    def probabilities(self, context: Context, actions: ActionSet) -> Floats:
        """The probability of each action, (k,), in a world with one pending decision."""
        return one_row(self, context, actions)

    def batch_probabilities(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats:
        """(B, d), (B, A, p), (B, A) → (B, A), zero where masked."""
        if self.truth is None:
            raise InputError(
                f"{self.name} has no world to ask; run it with envs.run_days, which binds it"
            )
        values = self.truth()
        if values.shape != mask.shape:
            raise InputError(
                f"the bound world has pending decisions and actions {values.shape}, the batch "
                f"{mask.shape}; {self.name} can only decide what is pending there"
            )
        return best_of(values, mask)


def bound(policy: Policy, truth: Truth) -> Policy:
    """The policy bound to this world if it asks for the truth, else the policy itself."""
    return policy.bind(truth) if isinstance(policy, NeedsTruth) else policy
