"""One customer's journey: a view on the same centre."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from envs.contact_centre import ContactCentre
from envs.journey import CustomerJourney
from envs.presets import preset
from envs.records import COMPONENTS
from envs.state import CALLBACK, FIRST_EMPLOYEE, NOTHING, QUEUE
from nba.errors import InputError
from nba.listen.contact_features import CONTACT_CENTRE

BANK = preset("bank")
# Few, busy and with many repeats: every way of ending is met.
SMALL = replace(
    BANK,
    n_employees=3,
    recontact_share=0.9,
    recontact_same_day=0.6,
    service_mean_s=(900.0,) * 4,
    overtime_s=0.0,
    profile=(1.0,) * 15,  # as busy at the close as at noon
    contacts_per_day=200.0,
)
FOLLOW_UP = CONTACT_CENTRE.context_column("occasion=follow_up")
CONTACTS = CONTACT_CENTRE.context_column("contacts_in_journey")
# What is seen of a customer, from the channel to the value tier.
WHO = slice(
    CONTACT_CENTRE.context_column("channel=voice"), CONTACT_CENTRE.context_column("value_tier") + 1
)
Env = ContactCentre | CustomerJourney


def frozen(observation: dict[str, Any]) -> np.int64:
    """The rule by which the others are routed."""
    return np.int64(NOTHING if observation["context"][FOLLOW_UP] else QUEUE)


def play(env: Env, options: dict[str, Any]) -> tuple[float, np.ndarray[Any, Any], list[Any]]:
    """EUR, components, and the steps of an episode under the frozen rule."""
    observation, _ = env.reset(seed=3, options=options)
    total, parts, steps = 0.0, np.zeros(len(COMPONENTS)), []
    over = False
    while not over:
        observation, reward, terminated, truncated, info = env.step(frozen(observation))
        total += reward
        parts += list(info["reward_components"].values())
        steps.append((observation, terminated, truncated, info))
        over = terminated or truncated
    return total, parts, steps


def test_all_customers_journeys_sum_up_to_the_day() -> None:
    day = {"site": 1, "day": 2}
    earned, wanted, steps = play(ContactCentre(config=SMALL), day)
    arrivals = int(steps[-1][3]["day_figures"]["arrivals"])
    assert arrivals > 100
    journeys = CustomerJourney(config=SMALL)
    total, parts, kinds = 0.0, np.zeros(len(COMPONENTS)), set()
    for customer in range(arrivals):
        value, components, walk = play(journeys, day | {"customer": customer})
        total += value
        parts += components
        _, terminated, truncated, info = walk[-1]
        assert terminated != truncated
        kinds.add((terminated, info["terminal_value"] != 0.0, len(walk) > 1))
    assert total == pytest.approx(earned)
    assert parts == pytest.approx(wanted)
    # Ended for good, returning on another day, cut off by the close; with one and more decisions.
    assert {(True, False, False), (True, True, False), (True, False, True)} <= kinds
    assert any(not terminated for terminated, _, _ in kinds)


def test_the_journey_stays_with_one_customer() -> None:
    env = CustomerJourney(config=SMALL)
    repeats = 0
    for customer in range(40):
        first, info = env.reset(seed=3, options={"site": 1, "day": 2, "customer": customer})
        assert info["customer"] == customer
        before, over, observation = first, False, first
        while not over:
            observation, _, terminated, truncated, _ = env.step(frozen(before))
            over = terminated or truncated
            if not over:
                tier = CONTACT_CENTRE.context_column("value_tier")
                assert observation["context"][tier] == first["context"][tier]
                assert observation["context"][CONTACTS] >= before["context"][CONTACTS]
                repeats += int(observation["context"][CONTACTS] > before["context"][CONTACTS])
                before = observation
    assert repeats > 0


def test_the_same_customer_meets_the_same_luck_under_another_action() -> None:
    """With service times that no employee changes, the same contact takes as long with anybody."""
    config = replace(BANK, plain_service=True, all_day=True, voice_share=1.0, consent_share=0.0)
    env = CustomerJourney(config=config)
    taken = {}
    for seed in (1, 2):
        for turn in range(2):
            observation, _ = env.reset(seed=seed)
            idle = observation["actions"][:, CONTACT_CENTRE.action_column("idle_s")] > 0
            employee = np.flatnonzero(idle)[turn]
            assert employee >= FIRST_EMPLOYEE
            *_, info = env.step(np.int64(employee))
            taken[seed, turn] = info["reward_components"]["handle_s"]
    assert taken[1, 0] == taken[1, 1] > 0
    assert taken[2, 0] == taken[2, 1] != taken[1, 0]


def test_another_first_action_leaves_the_customer_and_the_day_as_they_are() -> None:
    env = CustomerJourney()
    seen = []
    for action in (QUEUE, 0, CALLBACK):
        first, _ = env.reset(seed=11)
        seen.append(first["context"].tobytes())
        following, _, terminated, truncated, _ = env.step(np.int64(action))
        if not (terminated or truncated) and following["context"][CONTACTS] == 0:
            tier = CONTACT_CENTRE.context_column("value_tier")
            assert following["context"][tier] == first["context"][tier]
    assert len(set(seen)) == 1


def test_a_drawn_customer_comes_at_any_hour_of_the_day() -> None:
    env = CustomerJourney()
    env.reset(seed=0)
    hours = np.array([env.reset()[0]["context"][0] for _ in range(200)])
    assert hours.min() < 8.5
    assert hours.max() > 18.0
    assert 10.0 < np.median(hours) < 15.0


def test_a_callback_ends_in_another_decision_or_the_end() -> None:
    env = CustomerJourney()
    env.reset(seed=0)
    due = CONTACT_CENTRE.context_column("occasion=callback")
    asked, minutes = 0, []
    for _ in range(30):
        env.reset()
        if not env.action_masks()[CALLBACK]:
            continue
        observation, _, terminated, truncated, info = env.step(np.int64(CALLBACK))
        minutes.append(info["dt"] / 60.0)
        if not (terminated or truncated):
            asked += int(observation["context"][due])
    assert asked > 10
    assert min(minutes) > 29.0  # half of the mean delay at the least


def test_a_customer_whom_the_day_has_not_is_refused() -> None:
    env = CustomerJourney(config=SMALL)
    with pytest.raises(InputError, match="customer is 5000 and the day has"):
        env.reset(seed=1, options={"customer": 5000})
