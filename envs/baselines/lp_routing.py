"""LP skill routing: plan each hour of a log as a linear program, then route by the plan's shares.

Sources: Harrison and Zeevi 2005; Bassamboo, Harrison and Zeevi 2006.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from envs.baselines.roster import Roster, roster_of
from envs.baselines.share_routing import ShareRouting
from envs.baselines.skill_cells import SkillCells, even_cells
from envs.baselines.static_plan import flows, shares
from nba.errors import LogError
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.encode import FeatureSpec
from nba.listen.objective import Objective
from nba.types import DecisionLog, Floats, Ints

BUCKETS: Final = (5, 3)  # of skill for the intent, and of mean skill


@dataclass(slots=True)
class LpRouting:
    """Plans on the last log it was given, with the company's own estimates of its employees."""

    spec: FeatureSpec = CONTACT_CENTRE
    objective: Objective = field(default_factory=Objective)
    _policy: ShareRouting | None = field(default=None, init=False)

    def learn(self, log: DecisionLog) -> None:
        """Solve the plan of every hour of the log; outcomes and rewards are not read."""
        roster = roster_of(log, self.spec)
        cells = cells_for(roster, self.spec)
        value = eur_per_contact(self.objective, roster.resolve, roster.handle_s)
        planned = planned_shares(roster, cells, value, roster.handle_s)
        self._policy = ShareRouting(cells, planned)

    def policy(self) -> ShareRouting:
        """Routing by the last plan; LogError before the first."""
        if self._policy is None:
            raise LogError("nothing has been learned yet; call learn(log) first")
        return self._policy


def eur_per_contact(objective: Objective, resolve: Floats, handle_s: Floats) -> Floats:
    """What a contact earns: a likely resolution less staff time, EUR, in the arrays' shape."""
    weights = objective.weights
    return np.asarray(weights["resolved"] * resolve + weights["handle_s"] * handle_s)


def cells_for(roster: Roster, spec: FeatureSpec) -> SkillCells:
    """Cells with buckets that hold equally many of the roster's employees."""
    return even_cells(spec, roster.skill.ravel(), roster.skill_mean.ravel(), BUCKETS)


def cell_of_each(roster: Roster, cells: SkillCells) -> Ints:
    """The cell of each intent with each employee of each day, (D, I, K)."""
    intent = np.arange(roster.skill.shape[1])[None, :, None]
    mean = np.broadcast_to(roster.skill_mean[:, None, :], roster.skill.shape)
    return cells.number(np.broadcast_to(intent, roster.skill.shape), roster.skill, mean)


def planned_shares(roster: Roster, cells: SkillCells, value: Floats, handle_s: Floats) -> Floats:
    """The plan's share per cell, (n_cells,), for value and handling time (D, I, K)."""
    flow = flows(roster, value, handle_s)
    return shares(roster, flow, cell_of_each(roster, cells), cells.n)
