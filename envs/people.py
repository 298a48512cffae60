"""Who answers: the employees of a site, true and as the company believes them to be.

Everything observed is the truth plus noise of a stated size; the truth stays in the kernel.
"""

import numpy as np

from envs import rng
from envs.config import CentreConfig
from envs.jit import njit
from envs.records import Desk, Person
from envs.state import State


@njit
def logistic(x: float) -> float:
    """1 / (1 + exp(−x))."""
    return float(1.0 / (1.0 + np.exp(-x)))


@njit
def draw_roster(s: State, c: CentreConfig, b: int) -> None:
    """The employees of one site, and what the company believes of their skill and speed."""
    roster = rng.key(rng.key(s.centre[b].site_key, rng.ROSTER), c.roster)
    for k in range(s.person.shape[1]):
        person, desk = s.person[b, k], s.desk[b, k]
        who = rng.key(roster, k)
        new = rng.uniform(who, 5) < c.newcomer_share
        tenure = -c.tenure_mean_years * np.log(rng.uniform(who, 6)) + 0.5
        if new:
            tenure = 0.5 * rng.uniform(who, 6)
        person.speed = np.exp(c.speed_sigma * rng.normal(who, 1))
        if new:
            person.speed *= c.newcomer_speed
        person.stamina = rng.uniform(who, 3)
        person.empathy = rng.normal(who, 7)
        desk.bilingual = 1 if rng.uniform(who, 4) < c.second_language_staff else 0
        _draw_skills(c, person, desk, who, k, new)
        _believe(s, c, desk, person.speed * np.exp(c.speed_noise * rng.normal(who, 2)))
        told = person.empathy + c.empathy_noise * rng.normal(who, 8)
        standing = s.standing[b, k]
        total, best = 0.0, 0.0
        for i in range(len(desk.skill_seen)):
            total += desk.skill_seen[i]
            best = max(best, desk.skill_seen[i])
        standing[0] = total / len(desk.skill_seen)
        standing[1] = best
        standing[2] = min(tenure, 45.0)
        standing[3] = min(5.0, max(1.0, 3.5 + 0.3 * told / (1.0 + c.empathy_noise**2)))


@njit
def _draw_skills(
    c: CentreConfig, person: Person, desk: Desk, who: np.uint64, k: int, new: bool
) -> None:
    n_intents = len(person.skill)
    second = 1 + int(rng.uniform(who, 99) * (n_intents - 1))
    for i in range(n_intents):
        own = i == k % n_intents or i == (k + second) % n_intents
        logit = c.primary_skill if own else c.other_skill
        if new:
            logit -= c.newcomer_skill
        logit += c.skill_sigma * rng.normal(who, 10 + i)
        person.skill[i] = logistic(logit)
        desk.skill_seen[i] = logistic(logit + c.skill_noise * rng.normal(who, 30 + i))


@njit
def _believe(s: State, c: CentreConfig, desk: Desk, speed: float) -> None:
    """Write what the company expects of an employee, given skill and speed as it sees them."""
    desk.typical_s = s.fixed[0].typical_s * speed + c.wrap_up_s
    for i in range(len(desk.skill_seen)):
        skill = desk.skill_seen[i]
        desk.handle_seen[i] = c.service_mean_s[i] * speed * (1.25 - 0.5 * skill)
        desk.odds_seen[i] = np.exp(-c.resolve_base - c.resolve_skill * (skill - 0.5))
