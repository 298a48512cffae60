"""What must hold of the simulated centre whatever is decided in it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.config import CentreConfig, coefficients
from envs.evaluate_days import simulate
from envs.observe import observe
from envs.presets import preset
from envs.records import column
from envs.state import FIRST_EMPLOYEE, FREE, QUEUE, RETURNING
from envs.vector import ContactCentreVector
from nba.act.longest_idle import LongestIdle
from nba.act.uniform import Uniform
from nba.errors import InputError
from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import Floats, Ints

BANK = preset("bank")
STEPS, CONTACTS = (
    CONTACT_CENTRE.context_column(name) for name in ("steps_in_contact", "contacts_in_journey")
)
GUESS = CONTACT_CENTRE.context_column("intent=billing")
# What is seen of a customer, from the channel to the value tier.
WHO = slice(
    CONTACT_CENTRE.context_column("channel=voice"), CONTACT_CENTRE.context_column("value_tier") + 1
)


def _random_legal(vector: ContactCentreVector, generator: np.random.Generator) -> Ints:
    mask = vector.observe()[2]
    return np.asarray(np.argmax(generator.random(mask.shape) * mask, axis=1))


def _open_contacts(vector: ContactCentreVector) -> Ints:
    status = column(vector.state.customer, "status")
    return np.asarray(((status != FREE) & (status != RETURNING)).sum(axis=1))


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000), load=st.floats(0.3, 2.0))
def test_nobody_is_lost_and_time_never_runs_back(seed: int, load: float) -> None:
    config = replace(BANK, contacts_per_day=BANK.contacts_per_day * load)
    vector = ContactCentreVector(config, 3, seed)
    vector.reset()
    generator = np.random.default_rng(seed)
    for _ in range(400):
        context, actions, mask = vector.observe()
        assert np.isfinite(context).all()
        assert np.isfinite(actions).all()
        assert mask[:, QUEUE].all()
        _, dt, _ = vector.step(_random_legal(vector, generator))
        assert (dt >= 0).all()
        rows = {name: column(vector.state.centre, name) for name in ("arrivals", "recontacts")}
        opened = rows["arrivals"].astype(int) + rows["recontacts"].astype(int)
        finished = column(vector.state.centre, "finished").astype(int)
        assert (opened - finished == _open_contacts(vector)).all()


def test_an_illegal_action_is_refused() -> None:
    vector = ContactCentreVector(BANK, 1, 0)
    vector.reset()
    illegal = int(np.flatnonzero(~vector.observe()[2][0])[0])
    with pytest.raises(InputError, match=f"action {illegal} is not legal"):
        vector.step(np.array([illegal]))


def _whole_day(expected: bool, config: CentreConfig = BANK, n: int = 48) -> tuple[Floats, Floats]:
    vector = ContactCentreVector(config, n, 21, expected_reward=expected)
    vector.reset()
    generator = np.random.default_rng(0)
    earned, over = np.zeros(n), np.zeros(n, dtype=bool)
    weighted = np.zeros(n)
    while not over.all():
        reward, _, done = vector.step(_random_legal(vector, generator))
        earned += np.where(over, 0.0, reward)
        new = done & ~over
        parts = vector.day_components()
        total = (
            sum(weight * parts[name] for name, weight in vector.objective.weights.items())
            + vector.config.open_contact_eur * vector.day_figures()["still_open"]
        )
        weighted[new] = np.asarray(total)[new]
        over |= done
    return earned, weighted


def test_the_reward_is_the_weighted_sum_of_its_components() -> None:
    earned, weighted = _whole_day(expected=False)
    assert np.allclose(earned, weighted)


@pytest.mark.parametrize("recontact_share", [0.0, 0.55, 1.0])
def test_expected_and_realised_rewards_agree_on_average(recontact_share: float) -> None:
    config = replace(BANK, recontact_share=recontact_share, contacts_per_day=600.0)
    expected, _ = _whole_day(expected=True, config=config)
    realised, _ = _whole_day(expected=False, config=config)
    gap = expected - realised
    # What the day's end cuts off is credited and not realised: a few contacts at some EUR.
    assert abs(gap.mean()) < 3.0 * gap.std(ddof=1) / np.sqrt(len(gap)) + 6.0
    assert np.abs(realised).mean() > 100.0  # EUR a day: the comparison is of something


def test_the_same_seed_brings_the_same_numbers_whatever_the_number_of_centres() -> None:
    few, many = ContactCentreVector(BANK, 2, 9), ContactCentreVector(BANK, 5, 9)
    few.reset()
    many.reset()
    for _ in range(300):
        assert np.array_equal(few.observe()[1], many.observe()[1][:2])
        assert np.array_equal(few.keys, many.keys[:2])
        few.step(np.full(2, QUEUE))
        many.step(np.full(5, QUEUE))


def test_the_same_customer_comes_whatever_was_done_before() -> None:
    seen: list[dict[int, tuple[float, ...]]] = []
    for bots in (False, True):
        vector = ContactCentreVector(BANK, 1, 4)
        vector.reset()
        customers: dict[int, tuple[float, ...]] = {}
        for _ in range(400):
            context, _, mask = vector.observe()
            slot = int(column(vector.state.centre, "pending")[0])
            if context[0, STEPS] == 0 and context[0, CONTACTS] == 0:
                number = int(column(vector.state.customer, "number")[0, slot])
                customers[number] = tuple(context[0, WHO].tolist())
            vector.step(np.array([0 if bots and mask[0, 0] else QUEUE]))
        seen.append(customers)
    common = seen[0].keys() & seen[1].keys()
    assert len(common) > 100
    assert all(seen[0][number] == seen[1][number] for number in common)


def test_the_truth_does_not_reach_the_observation() -> None:
    vector = ContactCentreVector(BANK, 1, 2)
    vector.reset()
    for _ in range(150):
        vector.step(np.array([QUEUE]))
    before = [part.copy() for part in vector.observe()]
    for name in ("complexity", "affinity", "sentiment", "patience"):
        column(vector.state.customer, name)[:] = 3.21
    for name in ("skill", "speed", "stamina", "empathy"):
        column(vector.state.person, name)[:] = 0.123
    column(vector.state.customer, "intent")[:] = 2
    observe(vector.state, coefficients(BANK), 0)
    assert all(np.array_equal(a, b) for a, b in zip(before, vector.observe(), strict=True))


def test_estimates_predict_the_truth_no_better_than_their_noise_allows() -> None:
    vector = ContactCentreVector(BANK, 64, 3)
    vector.reset()
    seen, truth = [], []
    for _ in range(200):
        slots = column(vector.state.centre, "pending").astype(int)
        seen.append(vector.observe()[0].copy())
        truth.append(column(vector.state.customer, "complexity")[np.arange(64), slots].copy())
        vector.step(np.full(64, QUEUE))
    x = np.column_stack([np.concatenate(seen), np.ones(64 * 200)])
    y = np.concatenate(truth).astype(float)
    residual = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    share = 1.0 - residual.var() / y.var()
    reliability = 1.0 / (1.0 + BANK.complexity_noise**2)
    assert share == pytest.approx(reliability, abs=0.03)


def test_what_is_to_come_does_not_reach_the_observation() -> None:
    vector = ContactCentreVector(BANK, 1, 2)
    vector.reset()
    for _ in range(150):
        vector.step(np.array([QUEUE]))
    before = [part.copy() for part in vector.observe()]
    come = int(column(vector.state.centre, "next_arrival")[0])
    vector.state.arrival[0, come:] += 777.0
    for name in ("luck_key", "day_key", "site_key"):
        column(vector.state.centre, name)[:] = 5
    for name in ("resolves", "handle_s", "overload", "consent", "expected"):
        column(vector.state.customer, name)[:] = 1
    column(vector.state.event, "due")[:] = 55.0
    observe(vector.state, coefficients(BANK), 0)
    assert all(np.array_equal(a, b) for a, b in zip(before, vector.observe(), strict=True))


def _explained(truth: Floats, *seen: Floats) -> float:
    """The share of the variance of a truth that a straight line in what is seen explains."""
    x = np.column_stack([*seen, np.ones(len(truth))])
    residual = truth - x @ np.linalg.lstsq(x, truth, rcond=None)[0]
    return float(1.0 - residual.var() / truth.var())


def test_employees_are_known_no_better_than_the_noise_of_their_estimates_allows() -> None:
    config = replace(
        BANK, n_employees=200, all_day=True, newcomer_share=0.0, primary_skill=0.3, other_skill=0.3,
        second_language_share=0.0,
    )  # fmt: skip
    vector = ContactCentreVector(config, 24, 3)
    vector.reset()
    rows = vector.observe()[1][:, FIRST_EMPLOYEE:].astype(np.float64)
    person = vector.state.person
    guess = vector.observe()[0][:, GUESS : GUESS + 4].argmax(axis=1)
    skill = column(person, "skill")[np.arange(24), :, guess].ravel().astype(float)
    estimate, handle = (
        rows[:, :, CONTACT_CENTRE.action_column(name)]
        for name in ("skill_estimate", "expected_handle_s")
    )
    # All that is seen of an employee, and the same as the truth would enter it.
    seen = [column_of.ravel() for column_of in np.moveaxis(rows, 2, 0) if column_of.std() > 1e-6]
    logit = np.log(estimate / (1.0 - estimate)).ravel()
    pace = np.log((handle - config.wrap_up_s) / (1.25 - 0.5 * estimate))
    pace = (pace - pace.mean(axis=1, keepdims=True)).ravel()  # the customer's part aside
    speed = np.log(column(person, "speed").astype(float)).ravel()
    empathy = column(person, "empathy").astype(float).ravel()
    for truth, sigma, noise in (
        (np.log(skill / (1.0 - skill)), config.skill_sigma, config.skill_noise),
        (speed, config.speed_sigma, config.speed_noise),
        (empathy, 1.0, config.empathy_noise),
    ):
        reliability = sigma**2 / (sigma**2 + noise**2)
        assert _explained(truth, *seen, logit, pace) == pytest.approx(reliability, abs=0.03)
    stamina = column(person, "stamina").astype(float).ravel()
    assert _explained(stamina, *seen, logit, pace) < 0.02


def test_the_intent_guess_is_right_as_often_as_its_confidence_says() -> None:
    vector = ContactCentreVector(BANK, 64, 13)
    vector.reset()
    confidence, right = [], []
    for _ in range(300):
        slots = column(vector.state.centre, "pending").astype(int)
        context = vector.observe()[0]
        guess = context[:, GUESS : GUESS + 4].argmax(axis=1)
        truth = column(vector.state.customer, "intent")[np.arange(64), slots].astype(int)
        confidence.append(context[:, CONTACT_CENTRE.context_column("intent_confidence")].copy())
        right.append(guess == truth)
        vector.step(np.full(64, QUEUE))
    told, true = np.concatenate(confidence).astype(float), np.concatenate(right)
    for low in np.arange(0.71, 0.99, 0.07):
        rows = (told >= low) & (told < low + 0.07)
        error = 4 * np.sqrt(0.25 / rows.sum())
        assert abs(true[rows].mean() - told[rows].mean()) < error
    assert told[~true].max() > 0.95  # no value of it gives a wrong guess away
    assert told[true].min() < 0.75


def test_a_fixed_policy_earns_less_as_load_rises() -> None:
    earned = []
    for load in (0.8, 1.0, 1.2, 1.5):
        config = replace(BANK, contacts_per_day=BANK.contacts_per_day * load)
        table = simulate(LongestIdle(CONTACT_CENTRE), config, n_days=24, seed=6)
        earned.append(table["eur_per_contact"].mean())
    assert earned == sorted(earned, reverse=True)


def test_two_runs_of_one_seed_give_one_table() -> None:
    first, second = (simulate(Uniform(), BANK, n_days=5, seed=1) for _ in range(2))
    assert all(np.array_equal(first[name], second[name]) for name in first.columns)


def test_sites_and_days_can_be_named_and_stand_for_themselves() -> None:
    named = ContactCentreVector(BANK, 2, 9, sites=[4, 4], days=[7, 4])
    plain = ContactCentreVector(BANK, 1, 9, first_site=4)
    named.reset()
    plain.reset()
    assert np.array_equal(named.observe()[1][1], plain.observe()[1][0])
    skills = column(named.state.person, "skill")
    assert np.array_equal(skills[0], skills[1])
    assert not np.array_equal(named.state.arrival[0], named.state.arrival[1])
    with pytest.raises(InputError, match="1 sites and 2 days for 2 centres"):
        ContactCentreVector(BANK, 2, 9, sites=[4], days=[7, 4])


def test_no_centre_and_no_thread_is_refused() -> None:
    with pytest.raises(InputError, match="n_centres is 0 and threads 1"):
        ContactCentreVector(BANK, 0, 1)
    with pytest.raises(InputError, match="n_centres is 1 and threads 0"):
        ContactCentreVector(BANK, 1, 1, threads=0)


def test_staggered_days_begin_at_different_hours_and_end_apart() -> None:
    vector = ContactCentreVector(BANK, 8, 3, stagger=True)
    vector.reset()
    starts = column(vector.state.centre, "now").astype(float)
    assert (np.diff(starts) > 0).all()
    ended = np.zeros(8)
    for step in range(1, 400):
        _, _, done = vector.step(np.full(8, QUEUE))
        ended[done & (ended == 0)] = step
        if done.any():
            assert done.sum() == 1
    assert (ended > 0).sum() > 1
