"""What happens in a contact: service time, resolution, bots, churn, satisfaction.

All coefficients are in `envs.config`; the truth enters here and nowhere in the observation.
"""

import numpy as np

from envs import rng
from envs.config import CentreConfig
from envs.jit import inlined, njit
from envs.people import logistic
from envs.records import CHURN, GROWTH, HANDLE, OVERLOAD, RESOLVED, Customer, Desk, Person
from envs.state import AT_WORK, CHAT, State
from envs.workload import fatigue, occupancy, overload_share, staff_share
from nba.types import Floats


@inlined
def mean_handle_s(
    c: CentreConfig, customer: Customer, person: Person, desk: Desk, load: float
) -> float:
    """Expected handling time of this customer by this employee now, s, wrap-up included."""
    intent = customer.intent
    if c.exponential_times or c.plain_service:
        return float(c.service_mean_s[intent])
    mean = c.service_mean_s[intent] * person.speed * np.exp(0.2 * customer.complexity - 0.02)
    mean *= (1.25 - 0.5 * person.skill[intent]) * (1.0 + 0.15 * fatigue(person, load))
    if customer.tried & 7:
        mean *= c.carry_context
    if customer.second_language and desk.bilingual == 0:
        mean *= 1.3
    if customer.channel == CHAT:
        mean *= c.chat_time_factor * (1.0 + c.chat_slowdown * desk.active)
    return float(mean + c.wrap_up_s)


@inlined
def resolve_probability(
    c: CentreConfig, customer: Customer, person: Person, desk: Desk, load: float
) -> float:
    """Probability that this employee resolves this customer's issue."""
    x = c.resolve_base + c.resolve_skill * (person.skill[customer.intent] - 0.5)
    x -= c.resolve_complexity * customer.complexity + c.resolve_fatigue * fatigue(person, load)
    # Empathy helps with the upset more than with the content.
    x += c.resolve_empathy * person.empathy * (0.5 - 0.5 * customer.sentiment)
    if customer.second_language and desk.bilingual == 0:
        x -= c.resolve_language
    return logistic(x)


@inlined
def bot_probability(
    c: CentreConfig, bot: int, affinity: float, complexity: float, mood: float
) -> float:
    """Probability that self-service or a bot resolves an issue."""
    x = c.bot_base[bot] + c.bot_affinity[bot] * affinity - c.bot_complexity[bot] * complexity
    return logistic(x + c.bot_sentiment[bot] * mood)


@inlined
def occasion(luck_key: np.uint64, customer: Customer) -> np.uint64:
    """The key of this step of this contact of this customer, whatever action is taken."""
    who = rng.key(luck_key, customer.number)
    return rng.key(who, 2_000 + customer.contact * 64 + customer.step)


@inlined
def service_s(s: State, c: CentreConfig, luck: np.uint64, mean: float) -> float:
    """A service time with the given mean; the customer's luck is the same for any employee."""
    if c.exponential_times:
        return float(-mean * np.log(rng.uniform(luck, rng.SERVICE)))
    sigma = s.fixed[0].log_sigma
    return float(mean * np.exp(sigma * (rng.normal(luck, rng.SERVICE) - 0.5 * sigma)))


@inlined
def churn_probability(c: CentreConfig, customer: Customer, resolved: bool, returns: bool) -> float:
    """Probability that a customer leaves after a contact: stated defection scaled to churn."""
    stated = c.defection[2]
    if resolved:
        stated = c.defection[0] if customer.contact == 0 else c.defection[1]
    elif returns:
        stated = c.defection[1]
    return float(stated * c.defection_scale * (1.0 - c.churn_sentiment * customer.sentiment))


@inlined
def churn_loss(c: CentreConfig, customer: Customer, resolved: bool, returns: bool) -> float:
    """Expected margin lost at a contact's end, EUR."""
    return churn_probability(c, customer, resolved, returns) * float(c.margin_eur[customer.tier])


@inlined
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
    c: CentreConfig, weights: Floats, customer: Customer, person: Person, desk: Desk, now: float
) -> float:
    """Expected EUR when this employee serves this customer now, waiting aside."""
    load = occupancy(c, desk, now)
    p = resolve_probability(c, customer, person, desk, load)
    h = mean_handle_s(c, customer, person, desk, load) * staff_share(c, customer.channel)
    cost = (weights[HANDLE] + weights[OVERLOAD] * overload_share(load)) * h
    ends = p * ending_value(c, weights, customer, True)
    if desk.skill_seen[customer.intent] < c.practice_below:
        ends += p * weights[GROWTH]
    return float(ends + (1.0 - p) * ending_value(c, weights, customer, False) + cost)


@njit
def typical_value(s: State, c: CentreConfig, b: int, customer: Customer) -> float:
    """The mean of `human_value` over the employees at work: what a shared queue is worth."""
    weights = s.fixed[0].weights
    total, n = 0.0, 0
    for k in range(s.person.shape[1]):
        desk = s.desk[b, k]
        if desk.status == AT_WORK:
            total += human_value(c, weights, customer, s.person[b, k], desk, s.centre[b].now)
            n += 1
    return total / n if n > 0 else ending_value(c, weights, customer, False)


@inlined
def csat(luck: np.uint64, customer: Customer, resolved: bool) -> float:
    """A survey answer from 1 to 5, or NaN from the 70 % who do not answer (assumed)."""
    if rng.uniform(luck, rng.CSAT) > 0.3:
        return float(np.nan)
    # SQM: satisfaction falls by 15 % with each repeat, of about 3.5 points.
    mood = 2.6 + (1.6 if resolved else -0.8) - 0.5 * customer.contact - customer.waited / 300.0
    mood += 0.6 * customer.sentiment + 0.7 * rng.normal(luck, rng.CSAT_NOISE)
    return float(min(5.0, max(1.0, np.round(mood))))
