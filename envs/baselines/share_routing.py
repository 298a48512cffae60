"""Routing by a plan's shares: an idle employee is drawn in proportion to the planned flow."""

from dataclasses import dataclass, field

import numpy as np

from envs.baselines.idle_rules import longest_idle
from envs.baselines.rule import Rule, first_open
from envs.baselines.seen import Seen
from envs.baselines.skill_cells import SkillCells
from nba.act.policy import one_row
from nba.errors import InputError
from nba.types import ActionSet, Bools, Context, Floats, Floats32


@dataclass(frozen=True, slots=True, eq=False)
class ShareRouting:
    """Probabilities in proportion to the shares of the idle employees' cells, by language first.

    Where the plan gives nobody who is idle a share: longest idle, and its fallbacks.
    """

    cells: SkillCells
    shares: Floats  # (n_cells,) of an intent's contacts, for one employee of the cell
    name: str = "lp_routing"
    version: str = "unsaved"
    _rest: Rule = field(init=False, repr=False)  # who decides where the plan says nothing

    def __post_init__(self) -> None:
        kept = np.array(self.shares, dtype=np.float64)
        if kept.shape != (self.cells.n,) or not (np.isfinite(kept) & (kept >= 0.0)).all():
            raise InputError(
                f"shares have shape {kept.shape}; {self.cells.n} finite numbers >= 0 are needed"
            )
        kept.flags.writeable = False
        object.__setattr__(self, "shares", kept)
        object.__setattr__(self, "_rest", Rule(self.name, self.cells.spec, longest_idle))

    def probabilities(self, context: Context, actions: ActionSet) -> Floats:
        """The probability of each action, (k,)."""
        return one_row(self, context, actions)

    def batch_probabilities(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats:
        """(B, d), (B, A, p), (B, A) → (B, A), zero where masked."""
        otherwise = self._rest.batch_probabilities(context, actions, mask)
        seen = Seen(self.cells.spec, context, actions, mask)
        share = self.shares[self.cells.of_batch(context, actions)]
        planned = seen.idle & (share > 0.0) & ~seen.legal("none").any(axis=1, keepdims=True)
        group, _ = first_open([(planned & seen.speaking, share), (planned, share)], mask)
        weights = np.where(group, share, 0.0)
        total = weights.sum(axis=1, keepdims=True)
        return np.asarray(np.where(total > 0.0, weights / np.where(total > 0, total, 1), otherwise))
