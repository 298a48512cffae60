"""UCB skill routing: learn what each kind of employee resolves, and plan as if it were the best.

Payoffs are unknown at first; optimism explores them, a linear program keeps everybody's hours.
Sources: van Kempen, Sanders, Sloothaak and Wolf 2024 (learning payoffs while routing in
skill-based queues: upper confidence bounds in the plan's linear program, episode by episode);
Auer, Cesa-Bianchi and Fischer 2002 (UCB1). Theirs learns each customer-server pair; ours learns
cells (guessed intent, skill), so that it carries over to employees it never saw.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from envs.baselines.lp_routing import cell_of_each, cells_for, eur_per_contact, planned_shares
from envs.baselines.roster import Roster, roster_of
from envs.baselines.share_routing import ShareRouting
from envs.baselines.skill_cells import SkillCells
from nba.errors import LogError
from nba.listen.blocks import chosen_flat
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.encode import FeatureSpec
from nba.listen.objective import Objective
from nba.types import Bools, DecisionLog, Floats, Floats32

NEEDED_OUTCOMES: Final = ("resolved", "handle_s")


@dataclass(slots=True)
class UcbRouting:
    """Counts resolutions and handling time per cell over all logs; plans on the last roster."""

    spec: FeatureSpec = CONTACT_CENTRE
    objective: Objective = field(default_factory=Objective)
    width: float = 2.0  # UCB1: √(2 ln t / n) above the mean
    _cells: SkillCells | None = field(default=None, init=False)
    _roster: Roster | None = field(default=None, init=False)
    _count: Floats = field(default_factory=lambda: np.zeros(0), init=False)  # (n_cells,)
    _resolved: Floats = field(default_factory=lambda: np.zeros(0), init=False)
    _handled_s: Floats = field(default_factory=lambda: np.zeros(0), init=False)

    def learn(self, log: DecisionLog) -> None:
        """Add a log's contacts that an idle employee took at once; the first log sets the cells.

        LogError if the log has no outcome column `resolved` or `handle_s`.
        """
        absent = [name for name in NEEDED_OUTCOMES if name not in log.outcomes]
        if absent:
            raise LogError(f"the log has no outcome {absent[0]!r}; join its outcomes first")
        roster = roster_of(log, self.spec)
        if self._cells is None:
            self._cells = cells_for(roster, self.spec)
            self._count, self._resolved, self._handled_s = np.zeros((3, self._cells.n))
        self._roster = roster
        chosen = log.actions[chosen_flat(log)]
        known = _served_at_once(self.spec, chosen[:, None])[:, 0]
        for name in NEEDED_OUTCOMES:
            known &= ~np.isnan(log.outcomes[name])
        cell = self._cells.of_batch(log.context[known], chosen[known, None])[:, 0]
        n = self._cells.n
        self._count = self._count + np.bincount(cell, minlength=n)
        resolved, handled_s = (log.outcomes[name][known] for name in NEEDED_OUTCOMES)
        self._resolved = self._resolved + np.bincount(cell, resolved, minlength=n)
        self._handled_s = self._handled_s + np.bincount(cell, handled_s, minlength=n)

    def policy(self) -> ShareRouting:
        """Routing by the plan with optimistic payoffs; LogError before the first log."""
        if self._cells is None or self._roster is None:
            raise LogError("nothing has been learned yet; call learn(log) first")
        value, handle_s = self.optimistic()
        cell = cell_of_each(self._roster, self._cells)
        planned = planned_shares(self._roster, self._cells, value[cell], handle_s[cell])
        return ShareRouting(self._cells, planned, name="ucb_routing")

    def optimistic(self) -> tuple[Floats, Floats]:
        """Per cell the EUR of a contact at the upper bound of resolving, and handling time, s."""
        n = np.maximum(self._count, 1.0)
        contacts = max(float(self._count.sum()), 1.0)
        usual_s = float(self._handled_s.sum()) / contacts
        margin = np.sqrt(self.width * np.log(max(contacts, 2.0)) / n)
        resolve = np.where(self._count > 0, np.minimum(1.0, self._resolved / n + margin), 1.0)
        handle_s = np.where(self._count > 0, self._handled_s / n, usual_s)
        return eur_per_contact(self.objective, resolve, handle_s), handle_s


def _served_at_once(spec: FeatureSpec, actions: Floats32) -> Bools:
    employee = actions[..., spec.action_column("kind=employee")] == 1.0
    return np.asarray(employee & (actions[..., spec.action_column("idle_s")] > 0.0))
