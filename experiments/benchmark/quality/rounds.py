"""How every learner that serves while it learns gets its experience: the same days for all."""

from envs.baselines.learning_days import learn_over_days
from experiments.benchmark.quality.protocol import Place
from nba.act.longest_idle import LongestIdle
from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import Learner, Policy


def learned_by_serving(learner: Learner, place: Place) -> Policy:
    """The learner's policy after the rounds of the place; longest-idle serves the first."""
    return learn_over_days(
        learner,
        LongestIdle(CONTACT_CENTRE),
        place.centre,
        n_rounds=place.budget.rounds,
        days_per_round=place.budget.round_days,
        seed=place.seeds.learning_log,
    )
