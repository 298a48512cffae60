"""A small real log with outcomes, for the learners' tests."""

from functools import cache

from envs.baselines.learning_days import joined_days
from envs.presets import preset
from nba.act.longest_idle import LongestIdle
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.objective import Objective
from nba.types import DecisionLog


@cache
def day_log() -> DecisionLog:
    """Two simulated days of longest-idle."""
    longest = LongestIdle(CONTACT_CENTRE)
    return joined_days(longest, preset("bank"), n_days=2, seed=70, objective=Objective())
