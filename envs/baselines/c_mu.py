"""The c·μ rule, turned from choosing a contact for a free employee to choosing the employee.

Sources: Cox and Smith 1961 (cμ); van Mieghem 1995 and Mandelbaum and Stolyar 2004 (flexible
servers: c·μ of the customer and the server); de Véricourt and Zhou 2005 (μ of what is resolved).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from envs.baselines.rule import Stage
from envs.baselines.seen import Seen
from nba.types import Floats


@dataclass(frozen=True, slots=True)
class WaitingCosts:
    """What a second of a customer's wait costs: the time itself, and the risk of losing them."""

    time_eur_per_s: float = 10.0 / 3600  # as in nba.listen.objective
    abandoned_eur: float = 2.0  # as there
    churn_eur: tuple[float, ...] = (2.0, 5.0, 13.0)  # by value tier: 5 % of the assumed margin
    patience_s: float = 360.0  # one who waits gives up at the rate 1 / patience, assumed
    tier_share: tuple[float, ...] = (0.5, 0.35, 0.15)  # assumed, for the typical contact

    def of(self, tier: Floats) -> Floats:
        """EUR per second of waiting of customers of these value tiers, in the tiers' shape."""
        highest = len(self.churn_eur) - 1
        churn = np.array(self.churn_eur)[np.clip(np.rint(tier), 0, highest).astype(np.int64)]
        return np.asarray(self.time_eur_per_s + (self.abandoned_eur + churn) / self.patience_s)

    @property
    def typical(self) -> float:
        """The mean over the tiers, EUR per second."""
        tiers = np.arange(len(self.tier_share), dtype=np.float64)
        return float(np.dot(self.tier_share, self.of(tiers)))


BANK_COSTS: Final = WaitingCosts()


def c_mu(seen: Seen, costs: WaitingCosts = BANK_COSTS) -> Sequence[Stage]:
    """The idle employee with the largest c·μ for this contact less c̄·μ̄ for what they forgo.

    The rule gives a free server the class with the largest c·μ: the second in which the most
    waiting cost is worked off. Here one contact chooses among free servers, so c is the same for
    all of them and c·μ alone would be "fastest". What differs is which contact the server would
    take instead: a typical one, cost c̄, worked off at the employee's mean rate. So the index is
    c·μ − c̄·μ̄, with μ the resolution rate for this contact (p / handling time) and μ̄ = μ · (mean
    skill / skill for this intent). A costly customer gets the highest rate, a cheap one spares
    the employees who are good at everything. Nobody idle: the shared queue.
    """
    rate = seen.of_action("resolve_estimate") * seen.rate
    skill = np.maximum(seen.of_action("skill_estimate"), 0.01)
    forgone = rate * seen.of_action("skill_mean") / skill
    cost = costs.of(seen.of_contact("value_tier"))
    return [(seen.idle, cost * rate - costs.typical * forgone)]
