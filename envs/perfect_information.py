"""An upper bound on the EUR of any policy: each customer's best course, known in advance.

Every customer is served as if alone, by whoever suits best, without waiting or fatigue, with all of
the customer's own luck foreseen. What employees' time is worth is then charged to everybody: for
any price of a second the sum of best courses plus the price of all seconds staffed is a bound, and
the least of them is taken. Sources: Brown, Smith, Sun 2010 (information relaxation); Fisher 1981
(Lagrangian relaxation).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from envs.best_course import best_courses
from envs.config import CentreConfig
from envs.records import COMPONENTS, Customer, column, table
from envs.staffing import shifts
from envs.vector import ContactCentreVector
from nba.errors import InputError
from nba.listen.objective import Objective
from nba.types import Floats

_PRICES: Final = 14  # of a staff second, tried for the least bound
_CHEAPEST: Final = 1e-4  # EUR a second
_DEAREST: Final = 0.2  # EUR a second: nobody is served at that price
# A component whose weight has the other sign could be earned without an end.
_NEVER_EARNED: Final = (
    "handle_s", "wait_s", "abandoned", "churn_loss_eur", "overload_s", "late_break_s",
    "contact_fatigue",
)  # fmt: skip
_UNPRICED: Final = ("csat", "churned")


@dataclass(frozen=True, slots=True)
class PerfectInformation:
    """Upper bounds on the EUR of centre-days; row i is the day i of a table of the same seed."""

    eur: Floats  # (n_days,) the least bound
    without_capacity: Floats  # (n_days,) the bound if employees' time were without end
    price: Floats  # (n_days,) EUR a staff second at the least bound
    contacts: Floats  # (n_days,) customers who arrived

    @property
    def eur_per_contact(self) -> Floats:
        """The bound over the customers who arrived, (n_days,)."""
        return np.asarray(self.eur / self.contacts)


def perfect_information(
    config: CentreConfig,
    *,
    n_days: int,
    seed: int,
    objective: Objective | None = None,
    progress: Callable[[int], None] | None = None,
) -> PerfectInformation:
    """Bounds on what any policy can earn on the days that `envs.evaluate_days.simulate` plays.

    Raises InputError for an objective that rewards what has a price here, such as waiting, and
    for a centre so small that a day has no contact.
    """
    objective = objective or Objective()
    _check(objective)
    rows = np.empty((n_days, 4))
    for site in range(n_days):
        vector = ContactCentreVector(config, 1, seed, objective=objective, first_site=site)
        vector.reset()
        if int(column(vector.state.centre, "day")[0]) != site:
            raise InputError(
                f"day {site} has no contact; raise contacts_per_day, which is "
                f"{config.contacts_per_day:g}"
            )
        rows[site] = _day(vector)
        if progress is not None:
            progress(1)
    return PerfectInformation(*rows.T)


def _check(objective: Objective) -> None:
    for name, weight in objective.weights.items():
        if name in _NEVER_EARNED and weight > 0.0:
            raise InputError(f"the weight of {name!r} is {weight:g}; a bound needs 0 or less")
        if name in _UNPRICED and weight != 0.0:
            raise InputError(f"the weight of {name!r} is {weight:g}; a bound needs 0")
        if name not in COMPONENTS:
            raise InputError(f"no component {name!r}; there are {', '.join(COMPONENTS)}")


def _day(vector: ContactCentreVector) -> tuple[float, float, float, float]:
    """The least bound, the bound without capacity, the price, and the number of customers."""
    config, state = vector.config, vector.state
    n = int(column(state.centre, "n_arrivals")[0])
    starts, ends = shifts(config)
    staffed = float((ends - starts).sum())
    # A contact that goes on after its employee's shift has ended is free of charge: as many as
    # there are hands.
    late = min(n, config.n_employees * max(1, config.chat_slots))
    customer, room = table(Customer, 1), np.empty((16, 2))

    def courses(price: float) -> Floats:
        values = np.empty(n)
        best_courses(state, vector.coefficients, customer, price, room, values)
        return values

    free = courses(0.0)

    def bound(price: float) -> float:
        charged = courses(price)
        spared = np.partition(free - charged, n - late)[n - late :]
        return float(charged.sum() + spared.sum() + price * staffed)

    least, price = _least(bound)
    if least > free.sum():
        least, price = float(free.sum()), 0.0
    return least, float(free.sum()), price, float(n)


def _least(bound: Callable[[float], float]) -> tuple[float, float]:
    """The least bound found, and its price: golden section, as the bound is almost convex."""
    low, high = 0.0, _DEAREST
    tried = [(bound(_CHEAPEST), _CHEAPEST)]
    if tried[0][0] > bound(0.0):
        return tried[0]  # there is more time than anybody needs
    ratio = (np.sqrt(5.0) - 1.0) / 2.0
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left, at_right = bound(left), bound(right)
    for _ in range(_PRICES):
        tried += [(at_left, left), (at_right, right)]
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - ratio * (high - low)
            at_left = bound(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + ratio * (high - low)
            at_right = bound(right)
    return min(tried)
