"""Who calls: attributes of customers, true and as observed in each contact.

Everything observed is the truth plus noise of a stated size; the truth stays in the kernel.
"""

import numpy as np

from envs import rng
from envs.config import CentreConfig
from envs.jit import njit
from envs.records import Customer
from envs.state import VOICE
from nba.types import Floats


@njit
def pick(shares: Floats | tuple[float, ...], u: float) -> int:
    """The index whose share of [0, 1) holds u."""
    for i in range(len(shares) - 1):
        u -= shares[i]
        if u < 0.0:
            return i
    return len(shares) - 1


@njit
def _intent(c: CentreConfig, day: int, u: float) -> int:
    """The intent at u of a day's mix, which drifts in a straight line."""
    drifted = min(1.0, day / c.drift_days)
    n = len(c.intent_share)
    for i in range(n - 1):
        u -= c.intent_share[i] + drifted * (c.drift_share[i] - c.intent_share[i])
        if u < 0.0:
            return i
    return n - 1


@njit
def draw_customer(
    c: CentreConfig, day_key: np.uint64, day: int, customer: Customer, number: int
) -> None:
    """The customer who arrives as the day's `number`: a pure function of day and number."""
    who = rng.key(day_key, number)
    customer.number = number
    customer.intent = _intent(c, day, rng.uniform(who, rng.INTENT))
    customer.channel = 0 if rng.uniform(who, rng.CHANNEL) < c.voice_share else 1
    customer.tier = pick(c.value_share, rng.uniform(who, rng.VALUE))
    customer.second_language = rng.uniform(who, rng.LANGUAGE) < c.second_language_share
    customer.consent = rng.uniform(who, rng.CONSENT) < c.consent_share
    customer.touches = rng.poisson(who, rng.TOUCHES, c.touches_mean)
    customer.complexity = rng.normal(who, rng.COMPLEXITY)
    customer.affinity = rng.normal(who, rng.AFFINITY)
    customer.sentiment = np.tanh(0.6 * rng.normal(who, rng.SENTIMENT))
    carried = rng.uniform(who, rng.CARRY) < c.carry_over_share
    customer.contact = 1 if carried else 0
    customer.first = not carried


@njit
def draw_contact(c: CentreConfig, day_key: np.uint64, customer: Customer) -> None:
    """What is new in each contact of a customer: patience, and how the customer is seen."""
    contact = rng.key(rng.key(day_key, customer.number), 1_000 + customer.contact)
    customer.step = 0
    customer.tried = 0
    customer.patience = _patience(c, contact, customer.channel)
    customer.expected = 0.0
    customer.decision = -1
    _guess_intent(c, contact, customer)
    seen = customer.seen
    noisy = customer.complexity + c.complexity_noise * rng.normal(contact, rng.NOISE + 1)
    seen[2] = min(6.0, max(-6.0, noisy))
    seen[4] = 1.0 if rng.uniform(contact, rng.NOISE + 2) < c.sentiment_missing_share else 0.0
    seen[3] = 0.0
    if seen[4] == 0.0:
        noisy = customer.sentiment + c.sentiment_noise * rng.normal(contact, rng.NOISE + 3)
        seen[3] = min(1.0, max(-1.0, noisy))
    seen[6] = 1.0 if rng.uniform(contact, rng.NOISE + 4) < c.affinity_missing_share else 0.0
    seen[5] = 0.0
    if seen[6] == 0.0:
        noisy = customer.affinity + c.affinity_noise * rng.normal(contact, rng.NOISE + 6)
        seen[5] = min(6.0, max(-6.0, noisy))


@njit
def _guess_intent(c: CentreConfig, contact: np.uint64, customer: Customer) -> None:
    # A calibrated classifier: a guess made with confidence q is right with probability q, and
    # nothing else about its being right is observed.
    n_intents = len(c.intent_share)
    guess = customer.intent
    spread = 2.0 * rng.uniform(contact, rng.NOISE) - 1.0
    confidence = c.intent_accuracy + c.intent_confidence_spread * spread
    if rng.uniform(contact, rng.GUESS) >= confidence:
        shift = 1 + int(rng.uniform(contact, rng.GUESS + 500) * (n_intents - 1))
        guess = (guess + shift) % n_intents
    customer.seen[0] = guess
    customer.seen[1] = confidence


@njit
def _patience(c: CentreConfig, contact: np.uint64, channel: int) -> float:
    if c.exponential_times:
        return float(-c.patience_median_s * np.log(rng.uniform(contact, rng.PATIENCE)))
    factor = 1.0 if channel == VOICE else c.chat_patience_factor
    if rng.uniform(contact, rng.BUMP) < c.bump_share:
        return (50.0 + 25.0 * rng.uniform(contact, rng.PATIENCE)) * factor
    z = rng.normal(contact, rng.PATIENCE)
    return float(c.patience_median_s * np.exp(c.patience_sigma * z) * factor)


@njit
def upset(customer: Customer, by: float) -> None:
    """Lower a customer's mood (raise it, if `by` is negative), within −1 and 1."""
    customer.sentiment = min(1.0, max(-1.0, customer.sentiment - by))
