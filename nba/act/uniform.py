"""Uniform: every eligible action is equally probable."""

from dataclasses import dataclass

import numpy as np

from nba.act.policy import check_some_action, one_row
from nba.types import ActionSet, Bools, Context, Floats, Floats32


@dataclass(frozen=True, slots=True)
class Uniform:
    """1/k for each of the k eligible actions.

    >>> Uniform().batch_probabilities(np.zeros((1, 2), np.float32), np.zeros((1, 3, 2), np.float32),
    ...     np.array([[True, False, True]]))
    array([[0.5, 0. , 0.5]])
    """

    name: str = "uniform"
    version: str = "rule-1"

    def probabilities(self, context: Context, actions: ActionSet) -> Floats:
        """The probability of each action, (k,)."""
        return one_row(self, context, actions)

    def batch_probabilities(
        self,
        context: Floats32,
        actions: Floats32,
        mask: Bools,
    ) -> Floats:
        """(B, d), (B, A, p), (B, A) → (B, A), zero where masked."""
        check_some_action(mask)
        return np.asarray(mask / mask.sum(axis=1, keepdims=True))
