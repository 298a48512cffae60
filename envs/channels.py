"""Channels without an employee: self-service, bots, the promise to call back, and nothing."""

import numpy as np

from envs import rng
from envs.config import CentreConfig
from envs.contacts import ask_again, credit, end_contact
from envs.customers import upset
from envs.jit import inlined, njit
from envs.outcomes import bot_probability, ending_value, occasion, typical_value
from envs.queues import plan
from envs.records import COST, Customer
from envs.state import (
    CALLBACK,
    CALLED_BACK,
    CHAT_BOT,
    CONTENT,
    DUE_CALL,
    ESCALATION,
    IN_BOT,
    VOICE_BOT,
    State,
)
from nba.types import Floats

_BOTS = 1 << CHAT_BOT | 1 << VOICE_BOT


@inlined
def _bot_chance(c: CentreConfig, customer: Customer, bot: int) -> float:
    return bot_probability(c, bot, customer.affinity, customer.complexity, customer.sentiment)


@inlined
def start_bot(s: State, c: CentreConfig, b: int, slot: int, bot: int) -> None:
    """Self-service or a bot takes the contact; its end is an event."""
    centre = s.centre[b]
    customer = s.customer[b, slot]
    centre.bots += 1
    customer.tried |= 1 << bot
    customer.bot = bot
    customer.status = IN_BOT
    customer.since = centre.now
    z = rng.normal(occasion(centre.luck_key, customer), rng.BOT_TIME)
    plan(s, b, slot, centre.now + c.bot_mean_s[bot] * np.exp(0.5 * z - 0.125))
    if s.fixed[0].expects:
        escalated = typical_value(s, c, b, customer)
        value = bot_value(c, s.fixed[0].weights, customer, bot, escalated)
        credit(s, b, slot, value, escalated)


@inlined
def bot_value(
    c: CentreConfig, weights: Floats, customer: Customer, bot: int, escalated: float
) -> float:
    """Expected EUR of a session, given what an escalation is worth."""
    p = _bot_chance(c, customer, bot)
    leaves = c.bot_contained[bot]
    value = p * ending_value(c, weights, customer, True) + weights[COST] * c.bot_cost_eur[bot]
    value += (1.0 - p) * leaves * ending_value(c, weights, customer, False)
    return float(value + (1.0 - p) * (1.0 - leaves) * escalated)


@inlined
def finish_bot(s: State, c: CentreConfig, b: int, slot: int) -> None:
    """A session ends: resolved, given up, or escalated, which asks for another action.

    A bot that is down fails at once, and its customers ask for somebody else.
    """
    centre = s.centre[b]
    customer = s.customer[b, slot]
    bot = customer.bot
    centre.part[COST] = c.bot_cost_eur[bot]
    down = (centre.outage >> bot) & 1
    luck = occasion(centre.luck_key, customer)
    resolved = not down and rng.uniform(luck, rng.BOT) < _bot_chance(c, customer, bot)
    if resolved or (not down and rng.uniform(luck, rng.CONTAIN) < c.bot_contained[bot]):
        centre.contained += 1
        if resolved:
            centre.bot_resolved += 1
        customer.expected = 0.0
        end_contact(s, c, b, slot, resolved)
    else:
        upset(customer, c.sentiment_failure)
        ask_again(s, b, slot, ESCALATION)


@njit
def start_outage(s: State, b: int) -> None:
    """Chat bot and voice bot go down: their sessions end now."""
    centre = s.centre[b]
    centre.outage = _BOTS
    for slot in range(s.customer.shape[1]):
        customer = s.customer[b, slot]
        if customer.status == IN_BOT and customer.bot != CONTENT:
            plan(s, b, slot, centre.now)


@inlined
def call_back_later(s: State, c: CentreConfig, b: int, slot: int) -> None:
    """Promise a call back in half to one and a half times the mean delay."""
    centre = s.centre[b]
    customer = s.customer[b, slot]
    customer.tried |= 1 << CALLBACK
    customer.status = CALLED_BACK
    customer.since = centre.now
    u = rng.uniform(occasion(centre.luck_key, customer), rng.CALLBACK)
    plan(s, b, slot, centre.now + c.callback_mean_s * (0.5 + u))
    if s.fixed[0].expects:
        later = typical_value(s, c, b, customer)
        credit(s, b, slot, callback_value(c, s.fixed[0].weights, customer, later), later)


@inlined
def callback_value(c: CentreConfig, weights: Floats, customer: Customer, later: float) -> float:
    """Expected EUR of a promised call, given what the talk is worth."""
    missed = (1.0 - c.callback_reached) * ending_value(c, weights, customer, False)
    return float(c.callback_reached * later + missed + weights[COST] * c.callback_cost_eur)


@inlined
def call_back_now(s: State, c: CentreConfig, b: int, slot: int) -> None:
    """The promised call: whoever is reached asks for an action, the others are lost."""
    centre = s.centre[b]
    customer = s.customer[b, slot]
    centre.part[COST] = c.callback_cost_eur
    luck = occasion(centre.luck_key, customer)
    if rng.uniform(luck, rng.REACH) < c.callback_reached:
        # Someone who was called waits longer for the expert than someone who calls (assumed).
        customer.patience = 2.0 * max(customer.patience, 60.0)
        ask_again(s, b, slot, DUE_CALL)
    else:
        customer.expected = 0.0
        end_contact(s, c, b, slot, False)


@inlined
def do_nothing(s: State, c: CentreConfig, b: int, slot: int) -> None:
    """Leave a customer who gave up alone: what that is worth has been credited."""
    s.customer[b, slot].expected = 0.0
    end_contact(s, c, b, slot, False)
