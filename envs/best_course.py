"""A customer's best course of a day in EUR, with all luck known: what a bound adds up.

An action sequence within a contact is a set of things that have been tried, as each of them takes
one step: self-service, the channel's bot, a callback, a follow-up after giving up. So the best
course is a maximum over 16 sets a contact, taken from the last contact back to the first.
"""

from typing import Final

import numpy as np

from envs import rng
from envs.config import CentreConfig
from envs.customers import draw_customer
from envs.jit import njit
from envs.outcomes import bot_probability, service_s
from envs.people import logistic
from envs.records import (
    ABANDONED,
    CHURN,
    COST,
    FATIGUE,
    GROWTH,
    HANDLE,
    RESOLVED,
    Customer,
    Desk,
    Person,
    Table,
)
from envs.state import CHAT, CHAT_BOT, CONTENT, VOICE, VOICE_BOT, State
from envs.workload import staff_share
from nba.types import Floats

# What has been tried in a contact: one bit, and one step, each.
_CONTENT: Final = 1
_BOT: Final = 2
_CALLED: Final = 4
_FOLLOWED: Final = 8
_SETS: Final = 16
_LONGEST: Final = 40  # contacts of one issue a day; beyond, the best that there is


@njit
def best_courses(
    s: State, c: CentreConfig, at: Table[Customer], price: float, best: Floats, values: Floats
) -> None:
    """Write into (n,) the most EUR that each customer of centre 0 can bring, at a price per second.

    `price` is EUR a staff second on top of its cost. `at` has one row, to draw customers into;
    `best` is room for a number per set of things tried, (16, 2).
    """
    centre = s.centre[0]
    customer = at[0]
    for number in range(values.shape[0]):
        draw_customer(c, centre.day_key, centre.day, customer, number)
        values[number] = _best_course(s, c, customer, price, best)


@njit
def _best_course(
    s: State, c: CentreConfig, customer: Customer, price: float, best: Floats
) -> float:
    first, mood, channel = customer.contact, customer.sentiment, customer.channel
    last = first
    while last < first + _LONGEST and _may_return(s, c, customer, last):
        last += 1
    value = 0.0
    if last == first + _LONGEST:
        weights = s.fixed[0].weights
        value = max(0.0, weights[RESOLVED]) + max(0.0, weights[GROWTH])
    for contact in range(last, first - 1, -1):
        customer.contact = contact
        _begin_contact(s, c, customer, first, mood, channel)
        value = _best_contact(s, c, customer, price, value, best)
    return float(value)


@njit
def _luck(s: State, customer: Customer, contact: int, step: int) -> np.uint64:
    """The same key as `envs.outcomes.occasion`, of any contact and step."""
    who = rng.key(s.centre[0].luck_key, customer.number)
    return rng.key(who, 2_000 + contact * 64 + step)


@njit
def _may_return(s: State, c: CentreConfig, customer: Customer, contact: int) -> bool:
    """Whether some step of this contact, ending unresolved, leads to another one today."""
    for step in range(5):
        luck = _luck(s, customer, contact, step)
        again = rng.uniform(luck, rng.RECONTACT) < c.recontact_share
        if again and rng.uniform(luck, rng.SAME_DAY) < c.recontact_same_day:
            return True
    return False


@njit
def _begin_contact(
    s: State, c: CentreConfig, customer: Customer, first: int, mood: float, channel: int
) -> None:
    """Give the customer the channel, and the best mood possible, of the contact to come."""
    kindest = 0.0
    for k in range(s.person.shape[1]):
        kindest = max(kindest, s.person[0, k].empathy)
    who = rng.key(s.centre[0].day_key, customer.number)
    for contact in range(first, customer.contact):
        mood = min(1.0, mood + c.sentiment_empathy * kindest)
        mood = max(-1.0, mood - c.sentiment_failure)
        if rng.uniform(who, 201 + contact) < 0.3:
            channel = 1 - channel
    customer.sentiment = mood
    customer.channel = channel


@njit
def _best_contact(
    s: State, c: CentreConfig, customer: Customer, price: float, repeat: float, best: Floats
) -> float:
    """The most EUR from a contact's beginning; `repeat` is the most from that of the next."""
    begins_with = customer.sentiment
    for tried in range(_SETS - 1, -1, -1):
        failures = (tried & _CONTENT) + ((tried & _BOT) >> 1)
        step = failures + ((tried & _CALLED) >> 2) + ((tried & _FOLLOWED) >> 3)
        customer.sentiment = max(-1.0, begins_with - c.sentiment_failure * failures)
        luck = _luck(s, customer, customer.contact, step)
        served = _served(s, c, customer, luck, tried, price, repeat)
        best[tried, 0] = _best_next(s, c, customer, luck, tried, 0, served, repeat, best)
        best[tried, 1] = -np.inf
        if tried & _FOLLOWED:
            best[tried, 1] = _best_next(s, c, customer, luck, tried, 1, served, repeat, best)
    return float(best[0, 0])


@njit
def _best_next(
    s: State, c: CentreConfig, customer: Customer, luck: np.uint64, tried: int, unasked: int,
    served: float, repeat: float, best: Floats,
) -> float:  # fmt: skip
    """The most EUR from a decision on; `unasked` where it is whether to get in touch."""
    weights = s.fixed[0].weights
    unresolved = _unresolved(s, c, customer, luck, customer.sentiment, repeat)
    value = served
    gives_up = unresolved
    if customer.consent and not tried & _FOLLOWED:
        gives_up = max(gives_up, best[tried | _FOLLOWED, 1])
    value = max(value, weights[ABANDONED] + gives_up)
    if tried == 0 or (unasked and not tried & _CONTENT):
        after = best[tried | _CONTENT, 0]
        value = max(value, _session(s, c, customer, luck, CONTENT, unresolved, after))
    if not unasked and not tried & (_BOT | _CALLED):
        bot = VOICE_BOT if customer.channel == VOICE else CHAT_BOT
        after = best[tried | _BOT, 0]
        value = max(value, _session(s, c, customer, luck, bot, unresolved, after))
    if not tried & _CALLED:
        reached = rng.uniform(luck, rng.REACH) < c.callback_reached
        call = best[tried | _CALLED, 0] if reached else unresolved
        value = max(value, weights[COST] * c.callback_cost_eur + call)
    if unasked:
        value = max(unresolved, value + weights[FATIGUE] * customer.touches)
    # The day may end first.
    return float(max(value, c.open_contact_eur))


@njit
def _unresolved(
    s: State, c: CentreConfig, customer: Customer, luck: np.uint64, mood: float, repeat: float
) -> float:
    """The most EUR once a contact has ended unresolved."""
    churn = s.fixed[0].weights[CHURN]
    if rng.uniform(luck, rng.RECONTACT) >= c.recontact_share:
        return float(churn * _loss(c, customer, mood, c.defection[2]))
    later = float(churn * _loss(c, customer, mood, c.defection[1]) + c.open_contact_eur)
    if rng.uniform(luck, rng.SAME_DAY) < c.recontact_same_day:
        return max(later, repeat)
    return later


@njit
def _resolved(s: State, c: CentreConfig, customer: Customer, mood: float) -> float:
    """The most EUR once a contact has ended resolved."""
    weights = s.fixed[0].weights
    stated = c.defection[0] if customer.contact == 0 else c.defection[1]
    value = weights[RESOLVED] * c.repeat_value**customer.contact
    return float(value + weights[CHURN] * _loss(c, customer, mood, stated))


@njit
def _loss(c: CentreConfig, customer: Customer, mood: float, stated: float) -> float:
    """Margin lost, EUR, least in the best mood."""
    leaves = stated * c.defection_scale * (1.0 - c.churn_sentiment * mood)
    return float(leaves * c.margin_eur[customer.tier])


@njit
def _session(
    s: State, c: CentreConfig, customer: Customer, luck: np.uint64, bot: int, unresolved: float,
    after: float,
) -> float:  # fmt: skip
    """The most EUR from a bot's session; `after` is the most from an escalation."""
    # Waiting may have lowered the mood by now, for better or worse.
    chance = max(
        bot_probability(c, bot, customer.affinity, customer.complexity, customer.sentiment),
        bot_probability(c, bot, customer.affinity, customer.complexity, -1.0),
    )
    stays = rng.uniform(luck, rng.CONTAIN) < c.bot_contained[bot]
    value = unresolved if stays else after
    if c.outage_start_s >= 0.0 and bot != CONTENT:
        value = max(value, after)
    if rng.uniform(luck, rng.BOT) < chance:
        value = max(value, _resolved(s, c, customer, customer.sentiment))
    return float(value + s.fixed[0].weights[COST] * c.bot_cost_eur[bot])


@njit
def _served(
    s: State, c: CentreConfig, customer: Customer, luck: np.uint64, tried: int, price: float,
    repeat: float,
) -> float:  # fmt: skip
    """The most EUR from a service that begins now, by whoever of the roster brings most."""
    weights = s.fixed[0].weights
    a_second = (weights[HANDLE] - price) * staff_share(c, customer.channel)
    lucky = rng.uniform(luck, rng.RESOLVE)
    best = -np.inf
    for k in range(s.person.shape[1]):
        person, desk = s.person[0, k], s.desk[0, k]
        mood = _kinder(c, customer.sentiment, person)
        value = _unresolved(s, c, customer, luck, mood, repeat)
        if lucky < _best_chance(c, customer, person, desk, mood):
            grown = 0.0
            if desk.skill_seen[customer.intent] < c.practice_below:
                grown = max(0.0, weights[GROWTH])
            value = max(value, _resolved(s, c, customer, mood) + grown)
        mean = _least_mean_s(c, customer, person, desk, tried)
        best = max(best, value + a_second * service_s(s, c, luck, mean))
    return float(best)


@njit
def _kinder(c: CentreConfig, mood: float, person: Person) -> float:
    return float(min(1.0, max(-1.0, mood + c.sentiment_empathy * person.empathy)))


@njit
def _best_chance(
    c: CentreConfig, customer: Customer, person: Person, desk: Desk, mood: float
) -> float:
    """`envs.outcomes.resolve_probability`, rested, in the mood that helps most."""
    x = c.resolve_base + c.resolve_skill * (person.skill[customer.intent] - 0.5)
    x -= c.resolve_complexity * customer.complexity
    upset = 0.5 - 0.5 * _kinder(c, -1.0, person)
    helped = c.resolve_empathy * person.empathy
    x += max(helped * upset, helped * (0.5 - 0.5 * mood))
    if customer.second_language and desk.bilingual == 0:
        x -= c.resolve_language
    return logistic(x)


@njit
def _least_mean_s(
    c: CentreConfig, customer: Customer, person: Person, desk: Desk, tried: int
) -> float:
    """`envs.outcomes.mean_handle_s`, rested and with nothing else in hand."""
    intent = customer.intent
    if c.exponential_times or c.plain_service:
        return float(c.service_mean_s[intent])
    mean = c.service_mean_s[intent] * person.speed * np.exp(0.2 * customer.complexity - 0.02)
    mean *= 1.25 - 0.5 * person.skill[intent]
    if tried & (_CONTENT | _BOT):
        mean *= c.carry_context
    if customer.second_language and desk.bilingual == 0:
        mean *= 1.3
    if customer.channel == CHAT:
        mean *= c.chat_time_factor
    return float(mean + c.wrap_up_s)
