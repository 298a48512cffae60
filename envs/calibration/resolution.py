"""Resolution: the level at which employees and bots resolve issues, all else as in the base.

Identified is the intercept of the logistic model, the other coefficients of the base kept; what is
latent is integrated out, for a logit averaged over an unseen spread is flatter than the model's
(Zeger, Liang and Albert 1988). The level of a source without skills is the one that gives its share
of resolved contacts in the base's roster.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from envs.calibration.conditions import NODE_WEIGHTS, NODES, conditions_of
from envs.calibration.contacts import Contacts
from envs.calibration.fitted import Fitted, Part
from envs.calibration.from_log import BOTS
from envs.calibration.mix import true_intents
from envs.config import CentreConfig
from nba.types import Bools, Floats, Ints

_LEAST: Final = 100
_ROUNDS: Final = 50
_MOOD_SD: Final = 0.6  # sentiment is tanh(0.6 · normal) in `envs.customers`


@dataclass(frozen=True, slots=True)
class ResolutionFit:
    """The fit, and what its plot needs: predicted and observed outcome of each served contact."""

    part: Part
    predicted: Floats  # (n,) probability
    resolved: Floats  # (n,)


@dataclass(frozen=True, slots=True)
class _Logits:
    """Logits of rows without the intercept: cases i with weights, each normal around a mean."""

    mean: Floats  # (n, c)
    weight: Floats  # (n, c), rows sum to one
    variance: Floats  # (n, c)


def fit_resolution(contacts: Contacts, base: CentreConfig) -> ResolutionFit:
    """The intercept of resolution by employees, and the share resolved at first contact."""
    served = contacts.take(contacts.served & ~np.isnan(contacts.resolved))
    direct = served.take(served.idle)
    rows = direct if len(direct) >= 5 * _LEAST else served
    part = _first_contact(contacts)
    if len(rows) < _LEAST or rows.resolved.min() == rows.resolved.max():
        reason = f"{len(rows)} served contacts with both outcomes; {_LEAST} are needed"
        return ResolutionFit(
            part + Part(left_out=(("resolve_base", reason),)), np.zeros(0), np.zeros(0)
        )
    logits = _human_logits(rows, base)
    level, error = _intercept(logits, rows.resolved, rows.employee)
    how = "logit of resolution at skill one half, without fatigue, complexity average"
    part += Part((Fitted("resolve_base", level, error, len(rows), how),))
    return ResolutionFit(part, _probability(logits, level)[0], rows.resolved)


def fit_bots(contacts: Contacts, base: CentreConfig) -> Part:
    """Per bot: its intercept of resolution, and the share of unresolved customers who leave."""
    levels = [_bot_level(contacts, base, i) for i in range(len(BOTS))]
    leaving = [_bot_leaving(contacts, bot) for bot in BOTS]
    part = _all_bots("bot_base", levels, "logit of resolution by content, chat bot, voice bot")
    how = "share of unresolved sessions that end there: contained, not resolved"
    return part + _all_bots("bot_contained", leaving, how)


def _first_contact(contacts: Contacts) -> Part:
    """Share of issues resolved within their first contact; no field, but the level to compare."""
    first = contacts.take(~(contacts.contact_no > 0.0) & np.isnan(contacts.next_at))
    known = first.resolved[~np.isnan(first.resolved)]
    answers = contacts.csat[~np.isnan(contacts.csat)]
    part = Part()
    if len(known):
        part += Part(figures=(("first_contact_resolution", float(known.mean())),))
    if len(answers):
        part += Part(figures=(("csat", float(answers.mean())),))
    return part


def _human_logits(rows: Contacts, base: CentreConfig) -> _Logits:
    found = conditions_of(rows, base)
    intents = true_intents(rows, base)
    usual = base.resolve_skill * (found.skill - 0.5)
    usual = usual - (base.resolve_complexity * found.complexity)[:, None]
    usual = usual - (base.resolve_fatigue * found.fatigue)[:, None]
    variance = np.square(base.resolve_skill) * found.skill_variance
    variance = variance + np.square(base.resolve_complexity) * found.unseen[:, None]
    # Empathy is a standard normal that works on the share of the mood that is bad.
    mood = float(np.square(np.tanh(_MOOD_SD * NODES)) @ NODE_WEIGHTS)
    variance = variance + np.square(base.resolve_empathy) * 0.25 * (1.0 + mood)
    stranger = found.mismatch[:, None]
    return _Logits(
        mean=np.hstack([usual, usual - base.resolve_language]),
        weight=np.hstack([intents * (1.0 - stranger), intents * stranger]),
        variance=np.hstack([variance, variance]),
    )


def _bot_level(contacts: Contacts, base: CentreConfig, bot: int) -> tuple[float, float, int]:
    """Intercept, error and rows of one bot; NaN where the data are too few."""
    rows = contacts.take(_sessions(contacts, BOTS[bot]))
    resolved = np.where(np.isnan(rows.next_at), rows.resolved, 0.0)
    if len(rows) < _LEAST or not 0.0 < resolved.mean() < 1.0:
        return np.nan, np.nan, len(rows)
    mean, variance = np.zeros(len(rows)), np.zeros(len(rows))
    mood = np.square(np.tanh(_MOOD_SD * NODES)) @ NODE_WEIGHTS
    for seen, slope, noise, spread in (
        (rows.affinity, base.bot_affinity[bot], base.affinity_noise, 1.0),
        (rows.complexity, -base.bot_complexity[bot], base.complexity_noise, 1.0),
        (rows.sentiment, base.bot_sentiment[bot], base.sentiment_noise, float(mood)),
    ):
        reliability = np.where(np.isnan(seen), 0.0, spread / (spread + noise**2))
        mean += slope * reliability * np.nan_to_num(seen)
        variance += slope**2 * spread * (1.0 - reliability)
    logits = _Logits(mean[:, None], np.ones((len(rows), 1)), variance[:, None])
    level, error = _intercept(logits, resolved, np.full(len(rows), -1))
    return level, error, len(rows)


def _bot_leaving(contacts: Contacts, bot: str) -> tuple[float, float, int]:
    rows = contacts.take(_sessions(contacts, bot))
    goes_on = ~np.isnan(rows.next_at)
    unresolved = goes_on | (rows.resolved == 0.0)
    n = int(unresolved.sum())
    p = float((unresolved & ~goes_on).sum()) / max(n, 1)
    if n < _LEAST or not 0.0 < p < 1.0:
        return np.nan, np.nan, n
    return p, float(np.sqrt(p * (1.0 - p) / n)), n


def _sessions(contacts: Contacts, bot: str) -> Bools:
    """Sessions of a bot of which the end is known."""
    ended = ~np.isnan(contacts.next_at) | ~np.isnan(contacts.resolved)
    return np.asarray((contacts.kind.astype(str) == bot) & ended)


def _all_bots(field: str, found: list[tuple[float, float, int]], how: str) -> Part:
    values, errors, rows = (tuple(column) for column in zip(*found, strict=True))
    if np.isnan(values).any():
        scarce = BOTS[int(np.flatnonzero(np.isnan(values))[0])]
        few = rows[BOTS.index(scarce)]
        return Part(left_out=((field, f"{few} sessions of {scarce}; {_LEAST} are needed"),))
    return Part((Fitted(field, values, errors, rows, how),))


def _intercept(logits: _Logits, resolved: Floats, group: Ints) -> tuple[float, float]:
    """The most likely intercept (Fisher scoring) and its error, by employee where known."""
    level = 0.0
    for _ in range(_ROUNDS):
        p, slope = _probability(logits, level)
        score = (resolved - p) * slope / (p * (1.0 - p))
        information = float((slope * slope / (p * (1.0 - p))).sum())
        step = float(score.sum()) / information
        level += float(np.clip(step, -1.0, 1.0))
        if abs(step) < 1e-9:
            break
    names = np.unique(group[group >= 0])
    if len(names) < 8 or (group < 0).any():
        return level, float(1.0 / np.sqrt(information))
    by_group = np.bincount(np.searchsorted(names, group), score)
    spread = np.square(by_group).sum() * len(names) / (len(names) - 1)
    return level, float(np.sqrt(spread) / information)


def _probability(logits: _Logits, level: float) -> tuple[Floats, Floats]:
    """Probability and its derivative in the level, (n,), averaged over cases and the unseen."""
    p, slope = np.zeros(len(logits.mean)), np.zeros(len(logits.mean))
    sd = np.sqrt(logits.variance)
    for node, weight in zip(NODES, NODE_WEIGHTS, strict=True):
        each = 1.0 / (1.0 + np.exp(-(level + logits.mean + sd * node)))
        p += weight * (logits.weight * each).sum(axis=1)
        slope += weight * (logits.weight * each * (1.0 - each)).sum(axis=1)
    return np.clip(p, 1e-12, 1.0 - 1e-12), slope
