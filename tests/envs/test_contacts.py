"""Contacting those who gave up: only with consent, and leaving them alone is legal only there."""

from dataclasses import replace

import numpy as np

from envs.evaluate_days import simulate
from envs.records import ABANDONED, CHURN, FATIGUE, column
from envs.state import CALLBACK, FOLLOW_UP, NOTHING, QUEUE
from envs.vector import ContactCentreVector
from nba.act.longest_idle import LongestIdle
from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import Ints
from tests.envs.small_centre import centre, one_day, pending, small, started

BUSY = small("bank", load=1.8)
TOUCHES = CONTACT_CENTRE.context_column("touches_7d")
FOLLOWED = CONTACT_CENTRE.context_column("occasion=follow_up")


def asked_to_follow_up(config_seed: int, n: int = 6) -> ContactCentreVector:
    """Centres of which the first stands at the question whether to get in touch."""
    vector = started(BUSY, n, config_seed, log=True)
    while pending(vector, "occasion")[0] != FOLLOW_UP:
        vector.step(np.full(n, QUEUE))
    return vector


def test_only_who_gave_up_and_agreed_to_it_is_followed_up() -> None:
    vector = started(BUSY, 6, 1)
    asked = 0
    for _ in one_day(vector):
        follow_up = pending(vector, "occasion") == FOLLOW_UP
        assert pending(vector, "consent")[follow_up].all()
        assert (vector.observe()[0][:, FOLLOWED] == follow_up).all()
        assert (vector.observe()[2][:, NOTHING] == follow_up).all()
        asked += int(follow_up.sum())
    assert asked > 20


def test_without_consent_nobody_is() -> None:
    vector = started(replace(BUSY, consent_share=0.0), 4, 1)
    for _ in one_day(vector):
        assert not vector.observe()[2][:, NOTHING].any()
    assert vector.day_figures()["follow_ups"][0] == 0
    assert vector.day_figures()["abandons"][0] > 0


def test_bots_are_not_offered_unasked_and_a_contact_is_followed_up_once() -> None:
    vector = started(BUSY, 6, 2)
    asked: set[tuple[int, ...]] = set()
    for _ in one_day(vector):
        rows = np.flatnonzero(pending(vector, "occasion") == FOLLOW_UP)
        assert not vector.observe()[2][rows, 1:3].any()
        for b in rows:
            names = ("number", "contact")
            who = tuple(int(pending(vector, name)[b]) for name in names)
            key = (int(b), int(centre(vector, "day")[b]), *who)
            assert key not in asked
            asked.add(key)
    assert len(asked) > 20


def test_nothing_leaves_the_customer_untouched_and_ends_the_contact() -> None:
    vector = asked_to_follow_up(3)
    number = int(centre(vector, "decisions")[0])
    before = centre(vector, "finished")[0]
    chosen: Ints = np.full(6, QUEUE)
    chosen[0] = NOTHING
    vector.step(chosen)
    leg = vector.state.leg
    outcome = column(leg, "outcome")[0, number].astype(float)
    assert centre(vector, "finished")[0] >= before + 1
    assert column(leg, "end")[0, number] == column(leg, "start")[0, number]
    assert outcome[FATIGUE] == 0.0
    assert outcome[CHURN] > 0.0


def test_getting_in_touch_costs_what_the_week_s_touches_make_of_it() -> None:
    costs = set()
    for seed in range(6):
        vector = asked_to_follow_up(seed)
        touches = float(vector.observe()[0][0, TOUCHES])
        number = int(centre(vector, "decisions")[0])
        parent = int(pending(vector, "decision")[0])
        legs = column(vector.state.leg, "outcome")[0]
        assert legs[parent, ABANDONED] == 1.0
        vector.step(np.full(6, QUEUE))
        while np.isnan(float(legs[number, FATIGUE])):
            vector.step(np.full(6, QUEUE))
        assert legs[number, FATIGUE] == touches
        assert column(vector.state.leg, "parent")[0, number] == parent
        costs.add(touches)
    assert len(costs) > 1


def test_touches_are_counted_on() -> None:
    vector = asked_to_follow_up(2)
    slot = int(centre(vector, "pending")[0])
    before = int(column(vector.state.customer, "touches")[0, slot])
    assert vector.observe()[2][0, CALLBACK]
    chosen: Ints = np.full(6, QUEUE)
    chosen[0] = CALLBACK
    vector.step(chosen)
    assert column(vector.state.customer, "touches")[0, slot] == before + 1


def test_follow_ups_come_after_the_delay() -> None:
    vector = asked_to_follow_up(4)
    parent = int(pending(vector, "decision")[0])
    gave_up = float(column(vector.state.leg, "end")[0, parent])
    assert abs(centre(vector, "now")[0] - gave_up - BUSY.follow_up_delay_s) < 1e-6


def test_a_rule_made_for_arrivals_can_serve_follow_ups() -> None:
    days = simulate(LongestIdle(CONTACT_CENTRE), BUSY, n_days=3, seed=1)
    assert np.isfinite(days["eur_per_contact"]).all()
    assert (days["contacts"] > 0).all()
