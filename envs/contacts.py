"""A contact's life: it opens, asks for an action, each action's part ends, the contact ends."""

import numpy as np

from envs import rng
from envs.config import CentreConfig
from envs.customers import draw_contact, draw_customer, upset
from envs.jit import inlined, njit
from envs.outcomes import churn_probability, csat, ending_value, occasion
from envs.queues import leave, plan, unplan
from envs.records import ABANDONED, CHURN, CHURNED, FATIGUE, RESOLVED, SURVEY, WAIT
from envs.state import (
    ARRIVAL,
    DECIDING,
    FOLLOW_UP,
    FREE,
    GAVE_UP,
    RETURNING,
    State,
)

_FOLLOWED_UP = 4  # bit of `tried`


@inlined
def open_customer(s: State, c: CentreConfig, b: int) -> None:
    """A new customer takes a slot and asks for an action; without a slot the centre has failed."""
    centre = s.centre[b]
    if centre.n_free == 0:
        centre.failed = True
        return
    centre.n_free -= 1
    slot = s.free[b, centre.n_free]
    customer = s.customer[b, slot]
    draw_customer(c, centre.day_key, centre.day, customer, centre.next_arrival)
    draw_contact(c, centre.day_key, customer)
    centre.arrivals += 1
    if customer.first:
        centre.fresh += 1
    ask(s, b, slot, ARRIVAL)


@inlined
def ask(s: State, b: int, slot: int, why: int) -> None:
    """Make this customer the centre's pending decision."""
    customer = s.customer[b, slot]
    customer.status = DECIDING
    customer.occasion = why
    customer.since = s.centre[b].now
    customer.waited = 0.0
    customer.touch = 0.0
    s.centre[b].pending = slot


@inlined
def ask_again(s: State, b: int, slot: int, why: int) -> None:
    """End the part of the action tried and ask for another one in the same contact."""
    end_leg(s, b, slot)
    s.customer[b, slot].step += 1
    ask(s, b, slot, why)


@inlined
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


@inlined
def end_leg(s: State, b: int, slot: int) -> None:
    """Book what came of a decision, `centre.part`: in the day's totals, and in the log if kept."""
    centre = s.centre[b]
    customer = s.customer[b, slot]
    part, totals = centre.part, centre.totals
    part[FATIGUE] = customer.touch
    for i in range(len(part)):
        totals[i] += part[i]
    # Waiting is in the totals already: it is booked as time goes.
    part[WAIT] = customer.waited
    if customer.number == centre.focal:
        for i in range(len(part)):
            centre.of_focal[i] += part[i]
    number = customer.decision
    if number < s.leg.shape[1]:
        leg = s.leg[b, number]
        leg.end = centre.now
        for i in range(len(part)):
            leg.outcome[i] = part[i]
        if part[SURVEY] == 0.0:
            leg.outcome[SURVEY] = np.nan
    part[:] = 0.0


@njit
def end_contact(s: State, c: CentreConfig, b: int, slot: int, resolved: bool) -> None:
    """End a contact: book its last part, then let the customer go, or come back later."""
    centre = s.centre[b]
    customer = s.customer[b, slot]
    luck = occasion(centre.luck_key, customer)
    returns = not resolved and rng.uniform(luck, rng.RECONTACT) < c.recontact_share
    delay = -1.0
    if returns and rng.uniform(luck, rng.SAME_DAY) < c.recontact_same_day:
        delay = c.recontact_median_s * np.exp(0.8 * rng.normal(luck, rng.DELAY))
    same_day = delay >= 0.0 and centre.now + delay < c.profile_hours * 3600.0
    part = centre.part
    leaves = churn_probability(c, customer, resolved, returns)
    churn = leaves * c.margin_eur[customer.tier]
    part[CHURN] = churn
    if resolved:
        part[RESOLVED] = c.repeat_value**customer.contact
        if customer.first:
            centre.resolved_first += 1
    if not resolved:
        upset(customer, c.sentiment_failure)
    if part[ABANDONED] == 0.0 and customer.occasion != FOLLOW_UP:
        answer = csat(luck, customer, resolved)
        if answer > 0.0:
            part[SURVEY] = answer
            centre.surveys += 1
    if not same_day:
        part[CHURNED] = 1.0 if rng.uniform(luck, rng.CHURN) < leaves else 0.0
    end_leg(s, b, slot)
    centre.finished += 1
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


@inlined
def give_up(s: State, c: CentreConfig, b: int, slot: int) -> None:
    """A customer's patience ends; whoever agreed to it may be contacted in a moment."""
    centre = s.centre[b]
    customer = s.customer[b, slot]
    leave(s, c, b, slot, FREE)
    centre.abandons += 1
    centre.part[ABANDONED] = 1.0
    weights = s.fixed[0].weights
    ends = 0.0
    if s.fixed[0].expects:
        ends = ending_value(c, weights, customer, False)
    again = customer.consent and not (customer.tried >> _FOLLOWED_UP) & 1
    if again and centre.now + c.follow_up_delay_s < c.profile_hours * 3600.0:
        credit(s, b, slot, weights[ABANDONED] + ends, ends)
        end_leg(s, b, slot)
        customer.tried |= 1 << _FOLLOWED_UP
        customer.step += 1
        customer.status = GAVE_UP
        plan(s, b, slot, centre.now + c.follow_up_delay_s)
    else:
        credit(s, b, slot, weights[ABANDONED] + ends, 0.0)
        end_contact(s, c, b, slot, False)


@inlined
def follow_up(s: State, b: int, slot: int) -> None:
    """Ask whether to get in touch with a customer who gave up waiting."""
    s.centre[b].follow_ups += 1
    customer = s.customer[b, slot]
    customer.patience = 2.0 * max(customer.patience, 60.0)
    ask(s, b, slot, FOLLOW_UP)


@inlined
def touch(s: State, b: int, slot: int) -> None:
    """Contact a customer unasked: the more often in a week, the less welcome."""
    customer = s.customer[b, slot]
    customer.touch = customer.touches
    customer.touches += 1
    if s.fixed[0].expects:
        s.centre[b].credited += s.fixed[0].weights[FATIGUE] * customer.touch


@inlined
def come_back(s: State, c: CentreConfig, b: int, slot: int) -> None:
    """An unresolved customer contacts again: a new contact of the same issue."""
    centre = s.centre[b]
    customer = s.customer[b, slot]
    customer.contact += 1
    customer.first = False
    # A repeat tends to change channel (assumed: 30 % of the time).
    if rng.uniform(rng.key(centre.day_key, customer.number), 200 + customer.contact) < 0.3:
        customer.channel = 1 - customer.channel
    draw_contact(c, centre.day_key, customer)
    # The price of a repeat was credited when the last contact ended; what it really brings now
    # takes that price's place.
    customer.expected = c.open_contact_eur
    centre.recontacts += 1
    ask(s, b, slot, ARRIVAL)


@inlined
def credit(s: State, b: int, slot: int, value: float, replaceable: float) -> None:
    """Book an expected value for training; `replaceable` is the part that later events replace."""
    if s.fixed[0].expects:
        customer = s.customer[b, slot]
        s.centre[b].credited += value - customer.expected
        customer.expected = replaceable


@inlined
def free_slot(s: State, b: int, slot: int) -> None:
    """Give a slot back."""
    centre = s.centre[b]
    unplan(s, b, slot)
    s.customer[b, slot].status = FREE
    if s.customer[b, slot].number == centre.focal:
        centre.left = True
    s.free[b, centre.n_free] = slot
    centre.n_free += 1
