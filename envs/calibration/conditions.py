"""Under which conditions each contact was served, as far as the source tells, else on average.

The simulator's service mean holds for a free, average employee and an average customer; what was
measured holds for the employees whom a policy chose. These are the factors between the two, with
the numbers of `envs.outcomes`, given the noisy estimates that a log holds (normal theory: a latent
N(0, 1) seen with noise s has mean r·seen and variance 1 − r, r = 1 / (1 + s²)).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from envs.calibration.contacts import Contacts
from envs.config import CentreConfig
from nba.types import Floats

# The coefficients of `envs.outcomes.mean_handle_s` and `fatigue`; a test holds them together.
COMPLEXITY: Final = 0.2  # log handling time per standard deviation
SLOWEST: Final = 1.25  # factor at skill zero
SKILL: Final = 0.5  # taken off by full skill
TIRED: Final = 0.15  # added at full fatigue
MISMATCH: Final = 0.3  # added by a language mismatch
TIRED_FROM: Final = 0.75  # occupancy
_STAMINA: Final = 0.65  # mean of 1 − 0.7 · stamina, stamina uniform
# Gauss–Hermite: E[f(Z)] of a standard normal Z is f(NODES) @ NODE_WEIGHTS.
NODES, _RAW_WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
NODE_WEIGHTS = _RAW_WEIGHTS / _RAW_WEIGHTS.sum()


@dataclass(frozen=True, slots=True)
class Conditions:
    """Expected conditions of each row, given what was seen of it."""

    skill: Floats  # (n, I) of whoever serves, if the true intent is i
    skill_variance: Floats  # (n, I) around it
    mismatch: Floats  # (n,) probability
    fatigue: Floats  # (n,)
    complexity: Floats  # (n,) mean of the latent
    unseen: Floats  # (n,) variance of the latent complexity around that mean
    tried_bot: Floats  # (n,)
    chat: Floats  # (n,) probability that it is a chat; 0 where the channel is not told
    in_hand: Floats  # (n,) contacts that the employee had already; 0 where not told


def conditions_of(rows: Contacts, base: CentreConfig) -> Conditions:
    """The expected conditions of served rows; what is not seen takes its average under `base`."""
    reliability = 1.0 / (1.0 + base.complexity_noise**2)
    seen = ~np.isnan(rows.complexity)
    stranger = base.second_language_share * (1.0 - base.second_language_staff)
    load = np.where(np.isnan(rows.occupancy), TIRED_FROM, rows.occupancy)
    skill, skill_variance = _skill(rows, base)
    return Conditions(
        skill=skill,
        skill_variance=skill_variance,
        mismatch=np.where(np.isnan(rows.language_match), stranger, 1.0 - rows.language_match),
        fatigue=np.clip((load - TIRED_FROM) / (1.0 - TIRED_FROM), 0.0, None) * _STAMINA,
        complexity=np.where(seen, reliability * np.nan_to_num(rows.complexity), 0.0),
        unseen=np.where(seen, 1.0 - reliability, 1.0),
        tried_bot=rows.tried_bot.astype(np.float64),
        chat=1.0 - np.where(np.isnan(rows.voice), 1.0, rows.voice),
        in_hand=np.nan_to_num(rows.in_hand),
    )


def handle_factor(found: Conditions, base: CentreConfig) -> Floats:
    """E[handling time without wrap-up / service mean] by true intent, (n, I), at speed one."""
    of_customer = np.exp(COMPLEXITY * found.complexity - COMPLEXITY**2 * (1.0 - found.unseen) / 2.0)
    of_customer *= 1.0 + MISMATCH * found.mismatch
    of_customer *= np.where(found.tried_bot > 0.0, base.carry_context, 1.0)
    slower = base.chat_time_factor * (1.0 + base.chat_slowdown * found.in_hand)
    of_customer *= 1.0 + found.chat * (slower - 1.0)
    of_employee = (SLOWEST - SKILL * found.skill) * (1.0 + TIRED * found.fatigue)[:, None]
    return np.asarray(of_customer[:, None] * of_employee)


def believed_skill(seen: Floats, base: CentreConfig) -> tuple[Floats, Floats]:
    """Mean and variance of skill given the company's noisy estimate, for a roster of `base`."""
    logit = np.log(seen / (1.0 - seen))
    spread = base.skill_sigma**2 + base.skill_noise**2
    weight = np.exp(-0.5 * np.square(logit[..., None] - _roster(base)) / spread)
    weight *= _shares(base)
    weight /= weight.sum(axis=-1, keepdims=True)
    kept = base.skill_sigma**2 / spread
    centre = _roster(base) + kept * (logit[..., None] - _roster(base))
    return _moments(centre, base.skill_sigma * np.sqrt(1.0 - kept), weight)


def _skill(rows: Contacts, base: CentreConfig) -> tuple[Floats, Floats]:
    """Skill for the guessed intent as estimated; for another one the mean over the others."""
    n_intents = len(base.intent_share)
    typical, variance = _moments(_roster(base), base.skill_sigma, _shares(base))
    skill = np.full((len(rows), n_intents), typical)
    unsure = np.full((len(rows), n_intents), variance)
    seen = ~np.isnan(rows.skill) & (rows.skill > 0.0) & (rows.skill < 1.0) & (rows.intent >= 0)
    others = (n_intents * rows.skill_mean - rows.skill)[seen] / (n_intents - 1)
    skill[seen] = np.clip(others, 0.0, 1.0)[:, None]
    at = np.flatnonzero(seen), rows.intent[seen]
    skill[at], unsure[at] = believed_skill(rows.skill[seen], base)
    return skill, unsure


def _roster(base: CentreConfig) -> Floats:
    """Mean logit of skill in own intents and in the others, then the same of newcomers."""
    settled = np.array([base.primary_skill, base.other_skill])
    return np.concatenate([settled, settled - base.newcomer_skill])


def _shares(base: CentreConfig) -> Floats:
    """The share of each of these; half of an employee's intents are own."""
    new = base.newcomer_share
    return np.array([1.0 - new, 1.0 - new, new, new]) / 2.0


def _moments(centre: Floats, sd: float, weight: Floats) -> tuple[Floats, Floats]:
    """Mean and variance of logistic(N(centre, sd²)), mixed over the last axis."""
    nodes = 1.0 / (1.0 + np.exp(-(centre[..., None] + sd * NODES)))
    mean = (weight * (nodes @ NODE_WEIGHTS)).sum(axis=-1)
    square = (weight * (np.square(nodes) @ NODE_WEIGHTS)).sum(axis=-1)
    return np.asarray(mean), np.asarray(square - np.square(mean))
