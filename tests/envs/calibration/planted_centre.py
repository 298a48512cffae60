"""A centre whose every fitted number differs from the base preset, and logs of it."""

from dataclasses import replace
from typing import Final

import numpy as np

from envs.calibration.contacts import Contacts, unknown
from envs.calibration.fitted import Fitted, numbers
from envs.calibration.from_log import contacts_of
from envs.config import CentreConfig
from envs.logging import WINDOW_S, simulate_log
from envs.presets import preset
from nba.act.epsilon_greedy import EpsilonGreedy
from nba.act.longest_idle import LongestIdle
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.objective import Objective
from nba.listen.outcomes import join_outcomes
from nba.types import DecisionLog, Floats

BASE: Final = preset("bank")
PLANTED: Final = replace(
    BASE,
    name="planted",
    n_employees=14,
    contacts_per_day=1000.0,
    profile=(2.0, 3.0, 5.0, 6.0, 6.0, 5.0, 5.5, 5.0, 4.0, 3.0, 2.0),
    profile_hours=11.0,
    open_hour=8.0,
    weekday_factors=(1.2, 1.0, 0.9, 0.95, 0.95),
    day_cv=0.1,
    dispersion=1.9,
    intent_share=(0.2, 0.3, 0.3, 0.2),
    voice_share=0.55,
    second_language_share=0.2,
    value_share=(0.4, 0.4, 0.2),
    carry_over_share=0.12,
    service_mean_s=(210.0, 230.0, 160.0, 280.0),
    service_cv=1.1,
    speed_sigma=0.22,
    patience_median_s=280.0,
    patience_sigma=0.8,
    bump_share=0.12,
    chat_patience_factor=1.3,
    resolve_base=0.9,
    bot_base=(-2.0, -1.0, -1.2),
    bot_contained=(0.3, 0.2, 0.35),
    bot_mean_s=(80.0, 120.0, 90.0),
    callback_mean_s=2700.0,
    callback_reached=0.75,
    recontact_share=0.45,
    recontact_median_s=2400.0,
)


def planted_log(n_days: int, seed: int, config: CentreConfig = PLANTED) -> DecisionLog:
    """The joined log of longest-idle with a third of random choices."""
    policy = EpsilonGreedy(LongestIdle(CONTACT_CENTRE), 0.3)
    log, outcomes = simulate_log(policy, config, n_days=n_days, seed=seed)
    now = float(log.at.max()) + 30 * 86_400.0
    return join_outcomes(log, outcomes, objective=Objective(), now=now, window_s=WINDOW_S)[0]


def planted_contacts(n_days: int, seed: int, config: CentreConfig = PLANTED) -> Contacts:
    """The attempts in that log."""
    return contacts_of(planted_log(n_days, seed, config), chat_slots=config.chat_slots)


def some_contacts(**columns: object) -> Contacts:
    """Attempts with the given columns, the others unknown."""
    n = len(np.asarray(next(iter(columns.values()))))
    found = unknown(n) | {"at": np.arange(n) * 60.0, "centre": np.zeros(n, dtype=np.int64)}
    return Contacts(**{**found, **columns})


def z_scores(row: Fitted, truth: CentreConfig) -> Floats:
    """(fitted − true) / standard error of each number; 0 where it is exact, infinite where off.

    The profile is compared in shape, weekday factors in their mean over days as fitted.
    """
    value, error = np.atleast_1d(row.value), np.atleast_1d(row.std_error)
    true = numbers(truth, row.field)
    if len(true) != len(value):
        return np.full(len(value), np.inf)
    if row.field in {"profile", "weekday_factors"}:
        true = true * value.mean() / true.mean()
    if row.field == "contacts_per_day":
        true = true * np.mean(truth.weekday_factors)
    gap = value - true
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.abs(gap) < 1e-12, 0.0, gap / error)
