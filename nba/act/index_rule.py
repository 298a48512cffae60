"""The index rule: predicted reward less prices for staff time, rare skill and backlog.

Sources: Mandelbaum and Stolyar 2004 (generalised cμ) for the idea of an index with prices.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from nba.act.policy import best_of, one_row
from nba.errors import InputError
from nba.listen.encode import FeatureSpec
from nba.types import ActionSet, Bools, Context, Floats, Floats32, RewardModel

NEEDED_COLUMNS: Final = (
    "kind=employee",
    "kind=queue",
    "expected_handle_s",
    "skill_mean",
    "backlog",
)


@dataclass(frozen=True, slots=True, eq=False)
class IndexRule:
    """All mass on the largest index; the prices stand for what an action takes from later ones."""

    reward_model: RewardModel
    spec: FeatureSpec
    handle_price: float  # EUR per second of expected handling by an employee or from the queue
    skill_price: float  # EUR per unit of mean skill of the employee
    backlog_price: float  # EUR per customer waiting there
    name: str = "index_rule"
    version: str = "unsaved"

    def __post_init__(self) -> None:
        absent = [name for name in NEEDED_COLUMNS if name not in self.spec.action_names]
        if absent:
            raise InputError(
                f"spec {self.spec.name!r} has no action column {absent[0]!r}; "
                f"the index rule needs {', '.join(NEEDED_COLUMNS)}"
            )
        for name in ("handle_price", "skill_price", "backlog_price"):
            if not np.isfinite(getattr(self, name)):
                raise InputError(f"{name} is {getattr(self, name)}; a finite number is needed")

    def probabilities(self, context: Context, actions: ActionSet) -> Floats:
        """The probability of each action, (k,)."""
        return one_row(self, context, actions)

    def batch_probabilities(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats:
        """(B, d), (B, A, p), (B, A) → (B, A), zero where masked."""
        employee, queue, handle_s, skill, backlog = (
            actions[:, :, self.spec.action_column(name)] for name in NEEDED_COLUMNS
        )
        index = self.reward_model.batch_rewards(context, actions)
        index = index - self.handle_price * handle_s * (employee + queue)
        index -= self.skill_price * skill * employee
        index -= self.backlog_price * backlog
        return best_of(index, mask)
