"""What happens in a contact: service time, resolution, bots, churn, satisfaction.

All coefficients are in `envs.config`; the truth enters here and nowhere in the observation.
"""

import numpy as np

from envs import rng
from envs.config import CentreConfig
from envs.jit import njit
from envs.people import logistic
from envs.records import CHURN, HANDLE, OVERLOAD, RESOLVED, Customer, Employee
from envs.state import OFF_SHIFT, State
from nba.types import Floats


@njit
def occupancy(c: CentreConfig, employee: Employee, now: float) -> float:
    """An employee's share of busy time in an exponential window up to now."""
    fade = np.exp((employee.occupancy_at - now) / c.occupancy_window_s)
    busy = 1.0 if employee.serving >= 0 else 0.0
    return float(busy + (employee.occupancy - busy) * fade)


@njit
def fatigue(employee: Employee, load: float) -> float:
    """How tired an employee is, 0 to 1: load above 75 %, weighed by stamina."""
    return max(0.0, load - 0.75) / 0.25 * (1.0 - 0.7 * employee.stamina)


@njit
def overload_share(load: float) -> float:
    """The share of coming work that counts as overload: load above 85 %."""
    return min(1.0, max(0.0, (load - 0.85) / 0.15))


@njit
def mean_handle_s(c: CentreConfig, customer: Customer, employee: Employee, load: float) -> float:
    """Expected handling time of this customer by this employee, s, wrap-up included."""
    intent = customer.intent
    if c.exponential_times:
        return float(c.service_mean_s[intent])
    mean = c.service_mean_s[intent] * employee.speed * np.exp(0.2 * customer.complexity - 0.02)
    mean *= (1.25 - 0.5 * employee.skill[intent]) * (1.0 + 0.15 * fatigue(employee, load))
    if customer.tried & 7:
        mean *= c.carry_context
    if customer.second_language and not employee.bilingual:
        mean *= 1.3
    return float(mean + c.wrap_up_s)


@njit
def resolve_probability(
    c: CentreConfig, customer: Customer, employee: Employee, load: float
) -> float:
    """Probability that this employee resolves this customer's issue."""
    x = c.resolve_base + c.resolve_skill * (employee.skill[customer.intent] - 0.5)
    x -= c.resolve_complexity * customer.complexity + c.resolve_fatigue * fatigue(employee, load)
    if customer.second_language and not employee.bilingual:
        x -= c.resolve_language
    return logistic(x)


@njit
def bot_probability(
    c: CentreConfig, bot: int, affinity: float, complexity: float, mood: float
) -> float:
    """Probability that self-service or a bot resolves an issue."""
    x = c.bot_base[bot] + c.bot_affinity[bot] * affinity - c.bot_complexity[bot] * complexity
    return logistic(x + c.bot_sentiment[bot] * mood)


@njit
def occasion(day_key: np.uint64, customer: Customer) -> np.uint64:
    """The key of this step of this contact of this customer, whatever action is taken."""
    who = rng.key(day_key, customer.number)
    return rng.key(who, 2_000 + customer.contact * 64 + customer.step)


@njit
def service_s(c: CentreConfig, luck: np.uint64, mean: float) -> float:
    """A service time with the given mean; the customer's luck is the same for any employee."""
    if c.exponential_times:
        return float(-mean * np.log(rng.uniform(luck, rng.SERVICE)))
    variance = np.log(1.0 + c.service_cv * c.service_cv)
    return float(mean * np.exp(np.sqrt(variance) * rng.normal(luck, rng.SERVICE) - 0.5 * variance))


@njit
def churn_loss(c: CentreConfig, customer: Customer, resolved: bool, returns: bool) -> float:
    """Expected margin lost at a contact's end, EUR: stated defection scaled to churn."""
    stated = c.defection[2]
    if resolved:
        stated = c.defection[0] if customer.contact == 0 else c.defection[1]
    elif returns:
        stated = c.defection[1]
    return float(stated * c.defection_scale * c.margin_eur[customer.tier])


@njit
def ending_value(c: CentreConfig, weights: Floats, customer: Customer, resolved: bool) -> float:
    """Expected EUR of a contact that ends resolved or not, a coming repeat priced in."""
    if resolved:
        value = weights[RESOLVED] * c.repeat_value**customer.contact
        return float(value + weights[CHURN] * churn_loss(c, customer, True, False))
    # A repeat on the same day books its churn itself.
    later = (1.0 - c.recontact_same_day) * churn_loss(c, customer, False, True)
    again = weights[CHURN] * later + c.open_contact_eur
    gone = weights[CHURN] * churn_loss(c, customer, False, False)
    return float(c.recontact_share * again + (1.0 - c.recontact_share) * gone)


@njit
def human_value(
    c: CentreConfig, weights: Floats, customer: Customer, employee: Employee, now: float
) -> float:
    """Expected EUR when this employee serves this customer now, waiting aside."""
    load = occupancy(c, employee, now)
    p = resolve_probability(c, customer, employee, load)
    h = mean_handle_s(c, customer, employee, load)
    cost = (weights[HANDLE] + weights[OVERLOAD] * overload_share(load)) * h
    ends = p * ending_value(c, weights, customer, True)
    return float(ends + (1.0 - p) * ending_value(c, weights, customer, False) + cost)


@njit
def typical_value(s: State, c: CentreConfig, b: int, customer: Customer) -> float:
    """The mean of `human_value` over the employees on shift: what a shared queue is worth."""
    weights = s.fixed[0].weights
    total, n = 0.0, 0
    for k in range(s.employee.shape[1] - 1):
        employee = s.employee[b, k]
        if employee.serving != OFF_SHIFT:
            total += human_value(c, weights, customer, employee, s.centre[b].now)
            n += 1
    return total / n if n > 0 else ending_value(c, weights, customer, False)


@njit
def csat(luck: np.uint64, customer: Customer, resolved: bool) -> float:
    """A survey answer from 1 to 5, or NaN from the 70 % who do not answer (assumed)."""
    if rng.uniform(luck, rng.CSAT) > 0.3:
        return float(np.nan)
    mood = 2.6 + (1.6 if resolved else -0.8) - 0.5 * customer.contact - customer.waited / 300.0
    mood += 0.6 * customer.sentiment + 0.7 * rng.normal(luck, rng.CSAT_NOISE)
    return float(min(5.0, max(1.0, np.round(mood))))
