"""Who contacts: shares of intents, channels, value tiers, languages and carried-over repeats.

A log holds the classifier's guess of the intent, right with the stated confidence; the shares of
the true intents are what made these guesses likely (Dawid and Skene 1979, with known errors).
"""

from typing import Final

import numpy as np

from envs.calibration.contacts import Contacts
from envs.calibration.fitted import Fitted, Part, share
from envs.config import CentreConfig
from nba.types import Floats, Ints

_ROUNDS: Final = 500
_SETTLED: Final = 1e-10
_LEAST: Final = 30


def guess_likelihood(intent: Ints, confidence: Floats, n_intents: int) -> Floats:
    """P(this guess | true intent i) of each row, (n, I); a wrong guess is equally often any other.

    Confidence NaN means that the intent was recorded, not guessed; an unknown intent says nothing.
    """
    sure = np.where(np.isnan(confidence), 1.0, confidence)
    wrong = (1.0 - sure) / (n_intents - 1)
    likelihood = np.repeat(wrong[:, None], n_intents, axis=1)
    known = intent >= 0
    likelihood[np.flatnonzero(known), intent[known]] = sure[known]
    likelihood[~known] = 1.0
    return likelihood


def true_intents(rows: Contacts, base: CentreConfig) -> Floats:
    """P(true intent i | what is known of it) of each row, (n, I)."""
    known = rows.take(rows.intent >= 0)
    n_intents = len(base.intent_share)
    enough = len(known) >= _LEAST
    shares = intent_shares(known, n_intents) if enough else np.array(base.intent_share)
    joint = guess_likelihood(rows.intent, rows.confidence, n_intents) * shares
    return np.asarray(joint / np.maximum(joint.sum(axis=1, keepdims=True), 1e-300))


def intent_shares(rows: Contacts, n_intents: int) -> Floats:
    """The shares of true intents, (I,), that make the guesses most likely (EM)."""
    likelihood = guess_likelihood(rows.intent, rows.confidence, n_intents)
    shares = np.full(n_intents, 1.0 / n_intents)
    for _ in range(_ROUNDS):
        joint = likelihood * shares
        update = (joint / joint.sum(axis=1, keepdims=True)).mean(axis=0)
        if np.abs(update - shares).max() < _SETTLED:
            break
        shares = update
    return shares


def fit_mix(rows: Contacts, base: CentreConfig) -> Part:
    """The shares among arrivals, each over the arrivals of which it is known."""
    arrivals = rows.take(rows.opens)
    part = _intents(arrivals.take(arrivals.intent >= 0), base)
    fresh = arrivals.take(~(arrivals.contact_no > 0.0))  # a repeat may have changed channel
    part += _share(fresh, "voice", "voice_share", "first contacts by voice")
    part += _tiers(arrivals.take(arrivals.tier >= 0), base)
    how = "arrivals whose language some employee on shift does not speak"
    part += _share(arrivals, "second_language", "second_language_share", how)
    known = arrivals.contact_no[~np.isnan(arrivals.contact_no)]
    how = "customers whose first contact of the day is a repeat"
    return part + share("carry_over_share", int((known > 0.0).sum()), len(known), how)


def _intents(rows: Contacts, base: CentreConfig) -> Part:
    n_intents = len(base.intent_share)
    if len(rows) < _LEAST:
        return Part(left_out=(("intent_share", f"{len(rows)} arrivals with an intent"),))
    shares = intent_shares(rows, n_intents)
    # Scores of the multinomial mixture (last share dependent) give the observed information.
    likelihood = guess_likelihood(rows.intent, rows.confidence, n_intents)
    score = likelihood / (likelihood @ shares)[:, None]
    score = (score - score[:, -1:])[:, :-1]
    covariance = np.linalg.pinv(score.T @ score)
    whole = np.vstack([np.eye(n_intents - 1), -np.ones(n_intents - 1)])
    error = np.sqrt(np.diag(whole @ covariance @ whole.T))
    how = "true intents; the classifier's errors are taken out by its stated confidence"
    return Part(
        (Fitted("intent_share", _tuple(shares), _tuple(error), (len(rows),) * n_intents, how),)
    )


def _tiers(rows: Contacts, base: CentreConfig) -> Part:
    n_tiers, n = len(base.value_share), len(rows)
    if n < _LEAST:
        return Part(left_out=(("value_share", f"{n} arrivals with a value tier"),))
    counts = np.bincount(rows.tier, minlength=n_tiers)
    shares = counts / n
    error = np.sqrt(shares * (1.0 - shares) / n)
    rows_of = tuple(int(count) for count in counts)
    return Part((Fitted("value_share", _tuple(shares), _tuple(error), rows_of, "as recorded"),))


def _share(rows: Contacts, column: str, field: str, how: str) -> Part:
    values = getattr(rows, column)
    known = values[~np.isnan(values)]
    return share(field, int((known > 0.5).sum()), len(known), how)


def _tuple(values: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
