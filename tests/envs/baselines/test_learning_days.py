"""A learner that serves while it learns."""

from dataclasses import replace

import pytest

from envs.baselines.learning_days import learn_over_days
from envs.baselines.ucb_routing import UcbRouting
from envs.evaluate_days import simulate
from envs.presets import preset
from nba.act.longest_idle import LongestIdle
from nba.listen.contact_features import CONTACT_CENTRE

SMALL = replace(preset("bank"), contacts_per_day=300.0, n_employees=6)
LONGEST = LongestIdle(CONTACT_CENTRE)


def test_each_round_serves_new_days_and_is_learned_from() -> None:
    days: list[int] = []
    learner = UcbRouting()
    policy = learn_over_days(
        learner, LONGEST, SMALL, n_rounds=3, days_per_round=2, seed=50, progress=days.append
    )
    assert sum(days) == 6
    again = learn_over_days(UcbRouting(), LONGEST, SMALL, n_rounds=3, days_per_round=2, seed=50)
    fewer = learn_over_days(UcbRouting(), LONGEST, SMALL, n_rounds=2, days_per_round=2, seed=50)
    earned = [
        simulate(p, SMALL, n_days=2, seed=9)["eur_per_contact"].tolist()
        for p in (policy, again, fewer)
    ]
    assert earned[0] == earned[1] != earned[2]


@pytest.mark.slow
def test_after_some_rounds_it_beats_longest_idle() -> None:
    bank = preset("bank")
    policy = learn_over_days(
        UcbRouting(), LONGEST, bank, n_rounds=10, days_per_round=4, seed=1_000_000
    )
    gain = (
        simulate(policy, bank, n_days=32, seed=5_000_100)["eur_per_contact"]
        - simulate(LONGEST, bank, n_days=32, seed=5_000_100)["eur_per_contact"]
    )
    assert gain.mean() > 3 * gain.std(ddof=1) / 32**0.5
