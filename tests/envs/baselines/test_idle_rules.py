"""Whom each rule takes, one case each."""

from envs.baselines.named import rule
from tests.envs.baselines.situations import BUSY, QUEUE, choice, idle


def test_alis_takes_the_longest_idle_of_those_with_the_skill() -> None:
    staff = (
        idle(idle_s=900, skill_estimate=0.3),
        idle(idle_s=50, skill_estimate=0.55),
        idle(idle_s=20, skill_estimate=0.95),
        idle(idle_s=800, skill_estimate=0.9, language_match=0),
    )
    assert choice(rule("fcfs_alis"), QUEUE, *staff) == 2


def test_alis_lets_a_contact_wait_rather_than_take_the_unskilled() -> None:
    assert choice(rule("fcfs_alis"), idle(skill_estimate=0.49), QUEUE) == 1


def test_best_skill_speaks_the_language_first() -> None:
    staff = (idle(skill_estimate=0.9, language_match=0), idle(skill_estimate=0.7), idle())
    assert choice(rule("best_skill"), *staff, BUSY, QUEUE) == 1
    assert choice(rule("best_skill"), staff[0], BUSY, QUEUE) == 0


def test_fastest_takes_the_smallest_handling_time_among_the_idle() -> None:
    staff = (idle(expected_handle_s=180), idle(expected_handle_s=150, skill_estimate=0.1))
    assert choice(rule("fastest"), BUSY, *staff, QUEUE) == 2


def test_p_mu_weighs_speed_by_what_is_resolved() -> None:
    quick = idle(expected_handle_s=150, resolve_estimate=0.5)  # 0.0033 resolved per second
    sound = idle(expected_handle_s=200, resolve_estimate=0.8)  # 0.0040
    slow = idle(expected_handle_s=400, resolve_estimate=0.95)  # 0.0024
    assert choice(rule("p_mu"), quick, slow, sound, QUEUE) == 2
    assert choice(rule("fastest"), quick, slow, sound, QUEUE) == 0


def test_shortest_wait_counts_queues_and_busy_people() -> None:
    assert choice(rule("shortest_wait"), BUSY, QUEUE) == 0
    assert choice(rule("shortest_wait"), BUSY | {"expected_wait_s": 70.0}, QUEUE) == 1
    assert choice(rule("shortest_wait"), BUSY, QUEUE, idle(idle_s=4), idle(idle_s=5)) == 3
