"""Outcome components become one reward in EUR; the weights are levers that can be changed later.

Signs: a positive weight rewards a component, a negative one prices it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from nba.errors import InputError
from nba.types import Floats

# EUR per unit of each component. Staff: 32 EUR an hour (assumed). Waiting: 10 EUR an hour of the
# customer's time (assumed). Resolution: below the 8.01 USD of a live contact (Gartner 2019),
# which a resolved issue saves. Overload: 50 % more for staff time above 85 % occupancy (assumed).
# The rest is assumed: an hour by which a break comes late, an unasked contact per earlier one in
# 7 days, and a contact resolved by somebody who is still learning its subject.
CONTACT_CENTRE_WEIGHTS: Final[Mapping[str, float]] = {
    "resolved": 7.0,
    "handle_s": -32.0 / 3600,
    "wait_s": -10.0 / 3600,
    "abandoned": -2.0,
    "channel_cost_eur": -1.0,
    "churn_loss_eur": -1.0,
    "overload_s": -16.0 / 3600,
    "late_break_s": -10.0 / 3600,
    "contact_fatigue": -0.2,
    "growth": 0.2,
}


@dataclass(frozen=True, slots=True)
class Objective:
    """EUR per unit of each named outcome component.

    >>> Objective({"resolved": 7.0, "wait_s": -0.01}).reward({"resolved": np.ones(1),
    ...     "wait_s": np.array([100.0])})
    array([6.])
    """

    weights: Mapping[str, float] = field(default_factory=lambda: dict(CONTACT_CENTRE_WEIGHTS))

    def __post_init__(self) -> None:
        for name, weight in self.weights.items():
            if not np.isfinite(weight):
                raise InputError(
                    f"the weight of {name!r} is {weight}; a finite number of EUR per unit is needed"
                )

    def reward(self, outcomes: Mapping[str, Floats]) -> Floats:
        """Σ weight · component in EUR, (n,); NaN where a weighted component is missing."""
        absent = [name for name in self.weights if name not in outcomes]
        if absent:
            raise InputError(
                f"outcome component {absent[0]!r} is not in the log, which has "
                f"{', '.join(sorted(outcomes))}; drop its weight or log it"
            )
        terms = [weight * outcomes[name] for name, weight in self.weights.items()]
        return np.asarray(np.sum(terms, axis=0), dtype=np.float64)

    def with_levers(self, levers: Mapping[str, float]) -> "Objective":
        """The same objective with some weights replaced; unknown names are refused."""
        unknown = [name for name in levers if name not in self.weights]
        if unknown:
            raise InputError(
                f"no component {unknown[0]!r} in the objective; it has {', '.join(self.weights)}"
            )
        return replace(self, weights={**self.weights, **levers})
