"""The same customer meets the same luck under any action, and other luck under another key."""

from dataclasses import replace

import numpy as np

from envs.config import CentreConfig
from envs.records import HANDLE, RESOLVED, column
from envs.state import CONTENT, FIRST_EMPLOYEE, QUEUE
from envs.vector import ContactCentreVector
from tests.envs.small_centre import pending, random_legal, small, started

WHO = ("number", "intent", "channel", "tier", "complexity", "affinity", "sentiment", "patience")


def customers(seed: int, luck: int = 0) -> dict[int, tuple[float, ...]]:
    """Who arrived on the first day, first contacts only, under random actions of a seed."""
    vector = ContactCentreVector(small("telecom"), 1, 7)
    column(vector.state.centre, "luck")[:] = luck
    vector.reset()
    generator = np.random.default_rng(seed)
    found: dict[int, tuple[float, ...]] = {}
    over = False
    while not over:
        if pending(vector, "step")[0] == 0 and pending(vector, "first")[0]:
            parts = [pending(vector, name)[0] for name in WHO]
            found[int(parts[0])] = (*parts, *pending(vector, "seen")[0].tolist())
        over = bool(vector.step(random_legal(vector, generator))[2][0])
    return found


def test_the_same_customers_come_with_the_same_patience_whatever_is_done() -> None:
    first, second = customers(0), customers(1)
    assert len(first) > 100
    assert first == second


def test_arrivals_do_not_depend_on_what_is_done_or_on_luck() -> None:
    vectors = [started(small("bank"), 1, 3) for _ in range(2)]
    times = vectors[0].state.arrival[0].copy()
    vectors[0].step(np.array([QUEUE]))
    vectors[1].step(np.array([CONTENT]))
    assert all(np.array_equal(vector.state.arrival[0], times) for vector in vectors)
    assert customers(0, luck=5).keys() == customers(0).keys()


def test_redrawn_luck_leaves_the_customers_and_changes_what_happens() -> None:
    assert customers(0, luck=5) == customers(0)
    ends = []
    for luck in (0, 5, 5):
        vector = ContactCentreVector(small("bank"), 1, 7)
        column(vector.state.centre, "luck")[:] = luck
        vector.reset()
        over, earned = False, 0.0
        while not over:
            reward, _, done = vector.step(np.array([QUEUE]))
            earned, over = earned + float(reward[0]), bool(done[0])
        ends.append(earned)
    assert ends[0] != ends[1] == ends[2]


def served(config: CentreConfig, seed: int, k: int) -> tuple[float, bool, float]:
    """Length and result of the first customer's service by employee k, and the skill used."""
    vector = started(config, 1, seed, log=True)
    intent = int(pending(vector, "intent")[0])
    skill = float(column(vector.state.person, "skill")[0, k][intent])
    vector.step(np.array([FIRST_EMPLOYEE + k]))
    leg = column(vector.state.leg, "outcome")[0, 0].astype(np.float64)
    while np.isnan(leg[HANDLE]):
        vector.step(np.array([CONTENT if vector.observe()[2][0, CONTENT] else QUEUE]))
        leg = column(vector.state.leg, "outcome")[0, 0].astype(np.float64)
    return float(leg[HANDLE]), bool(leg[RESOLVED] > 0), skill


def test_the_luck_of_a_service_is_the_customer_s_own_whoever_serves() -> None:
    config = replace(
        small("bank"), speed_sigma=0.0, newcomer_share=0.0, second_language_share=0.0,
        all_day=True, voice_share=1.0, wrap_up_s=0.0,
    )  # fmt: skip
    for seed in range(12):
        # Skill alone acts on the length: what is left is luck, and the same.
        lengths = [served(config, seed, k) for k in range(config.n_employees)]
        lucks = [length / (1.25 - 0.5 * skill) for length, _, skill in lengths]
        assert np.allclose(lucks, lucks[0])
        assert np.std([length for length, _, _ in lengths]) > 1.0


def test_a_more_skilled_employee_resolves_whatever_a_less_skilled_one_does() -> None:
    config = replace(
        small("bank"), resolve_empathy=0.0, second_language_share=0.0, all_day=True, voice_share=1.0
    )
    differ = 0
    for seed in range(25):
        results = [served(config, seed, k) for k in range(config.n_employees)]
        ordered = [resolves for _, resolves, _ in sorted(results, key=lambda result: result[2])]
        assert ordered == sorted(ordered)
        differ += len(set(ordered)) == 2
    assert differ > 5
