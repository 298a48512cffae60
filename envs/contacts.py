"""A contact's life: it opens, asks for an action, each action's part ends, the contact ends."""

import numpy as np

from envs import rng
from envs.config import CentreConfig
from envs.jit import njit
from envs.outcomes import churn_loss, csat, occasion
from envs.people import draw_contact, draw_customer
from envs.queues import plan, unplan
from envs.records import (
    ABANDONED,
    CHURN,
    COST,
    HANDLE,
    OVERLOAD,
    RESOLVED,
    SURVEY,
    WAIT,
)
from envs.state import DECIDING, FREE, RETURNING, State


@njit
def open_customer(s: State, c: CentreConfig, b: int) -> bool:
    """A new customer takes a slot and asks for an action; False when no slot is free."""
    centre = s.centre[b]
    if centre.n_free == 0:
        return False
    centre.n_free -= 1
    slot = s.free[b, centre.n_free]
    customer = s.customer[b, slot]
    draw_customer(c, centre.day_key, customer, centre.next_arrival)
    draw_contact(c, centre.day_key, customer)
    centre.arrivals += 1
    if customer.first:
        centre.fresh += 1
    ask(s, b, slot)
    return True


@njit
def ask(s: State, b: int, slot: int) -> None:
    """Make this customer the centre's pending decision."""
    customer = s.customer[b, slot]
    customer.status = DECIDING
    customer.since = s.centre[b].now
    customer.waited = 0.0
    s.centre[b].pending = slot


@njit
def begin_leg(s: State, b: int, slot: int) -> None:
    """Number the decision just taken and open its row of the day's log."""
    centre = s.centre[b]
    customer = s.customer[b, slot]
    number = centre.decisions
    centre.decisions += 1
    if number < s.leg.shape[1]:
        leg = s.leg[b, number]
        leg.outcome[:] = np.nan
        leg.start = centre.now
        leg.end = np.nan
        leg.customer = customer.number
        leg.parent = customer.decision if customer.step > 0 else -1
    customer.decision = number


@njit
def end_leg(
    s: State, b: int, slot: int, resolved: float, handle: float, abandoned: float, cost: float,
    churn: float, overload: float, survey: float,
) -> None:  # fmt: skip
    """Book what came of a decision: in the day's totals, and in the log if one is kept."""
    centre = s.centre[b]
    customer = s.customer[b, slot]
    # Waiting is in the totals already: it is booked as time goes.
    totals = centre.totals
    totals[RESOLVED] += resolved
    totals[HANDLE] += handle
    totals[ABANDONED] += abandoned
    totals[COST] += cost
    totals[CHURN] += churn
    totals[OVERLOAD] += overload
    if not np.isnan(survey):
        totals[SURVEY] += survey
    number = customer.decision
    if number < s.leg.shape[1]:
        leg = s.leg[b, number]
        leg.end = centre.now
        outcome = leg.outcome
        outcome[RESOLVED] = resolved
        outcome[HANDLE] = handle
        outcome[WAIT] = customer.waited
        outcome[ABANDONED] = abandoned
        outcome[COST] = cost
        outcome[CHURN] = churn
        outcome[OVERLOAD] = overload
        outcome[SURVEY] = survey


@njit
def end_contact(
    s: State, c: CentreConfig, b: int, slot: int, resolved: bool, handle: float, abandoned: bool,
    cost: float, overload: float,
) -> None:  # fmt: skip
    """End a contact: book its last part, then let the customer go, or come back later."""
    centre = s.centre[b]
    customer = s.customer[b, slot]
    luck = occasion(centre.day_key, customer)
    returns = not resolved and rng.uniform(luck, rng.RECONTACT) < c.recontact_share
    delay = c.recontact_median_s * np.exp(0.8 * rng.normal(luck, rng.DELAY))
    same_day = returns and rng.uniform(luck, rng.SAME_DAY) < c.recontact_same_day
    same_day = same_day and centre.now + delay < c.profile_hours * 3600.0
    churn = churn_loss(c, customer, resolved, returns)
    value = c.repeat_value**customer.contact if resolved else 0.0
    survey = np.nan if abandoned else csat(luck, customer, resolved)
    end_leg(s, b, slot, value, handle, 1.0 if abandoned else 0.0, cost, churn, overload, survey)
    centre.finished += 1
    if resolved and customer.first:
        centre.resolved_first += 1
    if same_day:
        # The issue goes on today and books its churn when it ends; only the log, which knows one
        # contact at a time, keeps this contact's own.
        centre.totals[CHURN] -= churn
        customer.status = RETURNING
        plan(s, b, slot, centre.now + delay)
        return
    if returns:
        centre.still_open += 1
    free_slot(s, b, slot)


@njit
def come_back(s: State, c: CentreConfig, b: int, slot: int) -> None:
    """An unresolved customer contacts again: a new contact of the same issue."""
    centre = s.centre[b]
    customer = s.customer[b, slot]
    customer.contact += 1
    customer.first = False
    # A repeat tends to change channel (assumed: 30 % of the time).
    if rng.uniform(rng.key(centre.day_key, customer.number), 200 + customer.contact) < 0.3:
        customer.channel = 1 - customer.channel
    customer.sentiment = max(-1.0, customer.sentiment - 0.25)
    draw_contact(c, centre.day_key, customer)
    # The price of a repeat was credited when the last contact ended; what it really brings now
    # takes that price's place.
    customer.expected = c.open_contact_eur
    centre.recontacts += 1
    ask(s, b, slot)


@njit
def credit(s: State, b: int, slot: int, value: float, replaceable: float) -> None:
    """Book an expected value for training; `replaceable` is the part that later events replace."""
    customer = s.customer[b, slot]
    s.centre[b].credited += value - customer.expected
    customer.expected = replaceable


@njit
def free_slot(s: State, b: int, slot: int) -> None:
    """Give a slot back."""
    centre = s.centre[b]
    unplan(s, b, slot)
    s.customer[b, slot].status = FREE
    s.free[b, centre.n_free] = slot
    centre.n_free += 1
