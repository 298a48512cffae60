"""Channels without an employee: self-service, bots, and the promise to call back."""

import numpy as np

from envs import rng
from envs.config import CentreConfig
from envs.contacts import ask, credit, end_contact, end_leg
from envs.jit import njit
from envs.outcomes import bot_probability, ending_value, occasion, typical_value
from envs.queues import plan
from envs.records import COST
from envs.state import CALLBACK, CALLED_BACK, IN_BOT, State


@njit
def _bot_chance(c: CentreConfig, s: State, b: int, slot: int, bot: int) -> float:
    customer = s.customer[b, slot]
    return bot_probability(c, bot, customer.affinity, customer.complexity, customer.sentiment)


@njit
def start_bot(s: State, c: CentreConfig, b: int, slot: int, bot: int) -> None:
    """Self-service or a bot takes the contact; its end is an event."""
    centre = s.centre[b]
    customer = s.customer[b, slot]
    centre.bots += 1
    customer.tried |= 1 << bot
    customer.bot = bot
    customer.status = IN_BOT
    customer.since = centre.now
    z = rng.normal(occasion(centre.day_key, customer), rng.BOT_TIME)
    plan(s, b, slot, centre.now + c.bot_mean_s[bot] * np.exp(0.5 * z - 0.125))
    if s.fixed[0].expects:
        _credit_bot(s, c, b, slot, bot)


@njit
def _credit_bot(s: State, c: CentreConfig, b: int, slot: int, bot: int) -> None:
    customer = s.customer[b, slot]
    weights = s.fixed[0].weights
    p = _bot_chance(c, s, b, slot, bot)
    leaves = c.bot_contained[bot]
    escalated = typical_value(s, c, b, customer)
    value = p * ending_value(c, weights, customer, True) + weights[COST] * c.bot_cost_eur[bot]
    value += (1.0 - p) * leaves * ending_value(c, weights, customer, False)
    credit(s, b, slot, value + (1.0 - p) * (1.0 - leaves) * escalated, escalated)


@njit
def finish_bot(s: State, c: CentreConfig, b: int, slot: int) -> None:
    """A session ends: resolved, given up, or escalated, which asks for another action."""
    centre = s.centre[b]
    customer = s.customer[b, slot]
    luck = occasion(centre.day_key, customer)
    cost = c.bot_cost_eur[customer.bot]
    resolved = rng.uniform(luck, rng.BOT) < _bot_chance(c, s, b, slot, customer.bot)
    if resolved or rng.uniform(luck, rng.CONTAIN) < c.bot_contained[customer.bot]:
        centre.contained += 1
        if resolved:
            centre.bot_resolved += 1
        customer.expected = 0.0
        end_contact(s, c, b, slot, resolved, 0.0, False, cost, 0.0)
    else:
        end_leg(s, b, slot, 0.0, 0.0, 0.0, cost, 0.0, 0.0, np.nan)
        customer.step += 1
        ask(s, b, slot)


@njit
def call_back_later(s: State, c: CentreConfig, b: int, slot: int) -> None:
    """Promise a call back in half to one and a half times the mean delay."""
    centre = s.centre[b]
    customer = s.customer[b, slot]
    customer.tried |= 1 << CALLBACK
    customer.status = CALLED_BACK
    customer.since = centre.now
    u = rng.uniform(occasion(centre.day_key, customer), rng.CALLBACK)
    plan(s, b, slot, centre.now + c.callback_mean_s * (0.5 + u))
    if s.fixed[0].expects:
        _credit_call_back(s, c, b, slot)


@njit
def _credit_call_back(s: State, c: CentreConfig, b: int, slot: int) -> None:
    customer = s.customer[b, slot]
    weights = s.fixed[0].weights
    later = typical_value(s, c, b, customer)
    missed = (1.0 - c.callback_reached) * ending_value(c, weights, customer, False)
    value = c.callback_reached * later + missed + weights[COST] * c.callback_cost_eur
    credit(s, b, slot, value, later)


@njit
def call_back_now(s: State, c: CentreConfig, b: int, slot: int) -> None:
    """The promised call: whoever is reached asks for an action, the others are lost."""
    customer = s.customer[b, slot]
    cost = c.callback_cost_eur
    luck = occasion(s.centre[b].day_key, customer)
    if rng.uniform(luck, rng.REACH) < c.callback_reached:
        end_leg(s, b, slot, 0.0, 0.0, 0.0, cost, 0.0, 0.0, np.nan)
        customer.step += 1
        # Someone who was called waits longer for the expert than someone who calls (assumed).
        customer.patience = 2.0 * max(customer.patience, 60.0)
        ask(s, b, slot)
    else:
        customer.expected = 0.0
        end_contact(s, c, b, slot, False, 0.0, False, cost, 0.0)
