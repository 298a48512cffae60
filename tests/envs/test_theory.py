"""Queueing formulas against published figures, and the simulation against the formulas.

For the simulation the warm-up of an hour and the threshold |z| < 3.3 were fixed before the first
run; seeds and numbers of days were not chosen by their result. A day is one replication.
"""

import numpy as np
import pytest

from envs.theory import (
    allen_cunneen,
    erlang_a,
    erlang_b,
    erlang_c,
    fewest_servers,
    pollaczek_khinchine,
    service_level,
)
from nba.errors import InputError
from tests.envs.queueing import (
    LONGEST_IDLE,
    RandomIdle,
    single_server,
    textbook_queue,
    total_cv,
    watch,
    z_of,
)

Z = 3.3
INFINITE = float("inf")


# Published figures. Each is given to the digits that the source prints.


def test_erlang_b_gives_the_traffic_that_a_public_calculator_gives() -> None:
    # erlang.com, manual of its calculator: 15 lines at 1 % blocking carry 8.108 Erlang.
    assert erlang_b(8.1075, 15) < 0.01 < erlang_b(8.1085, 15)


@pytest.mark.parametrize(
    ("lines", "one_percent", "five_percent"),
    # Carrier Grade Voice over IP (second edition), appendix A: Erlang to one decimal.
    [(5, 1.4, 2.2), (6, 1.9, 3.0), (7, 2.5, 3.7), (8, 3.1, 4.5), (9, 3.8, 5.4)],
)
def test_erlang_b_agrees_with_a_printed_table(
    lines: int, one_percent: float, five_percent: float
) -> None:
    assert erlang_b(one_percent - 0.05, lines) < 0.01 < erlang_b(one_percent + 0.05, lines)
    assert erlang_b(five_percent - 0.05, lines) < 0.05 < erlang_b(five_percent + 0.05, lines)


def test_erlang_c_agrees_with_two_public_packages() -> None:
    # R package ErlangC 0.1.0, README: 100 calls in 30 min of 180 s, 14 agents, 20 s.
    rate = 100 / 1800
    assert erlang_c(10.0, 14) == pytest.approx(0.1741319, abs=5e-8)
    assert service_level(rate, 180.0, 14, 20.0) == pytest.approx(0.88835, abs=5e-6)
    assert allen_cunneen(rate, 180.0, 14, 1.0) == pytest.approx(7.83593701177724, abs=1e-10)
    assert fewest_servers(rate, 180.0, share=0.8, within_s=20.0) == 14
    # call-center-tools on PyPI: 1000 calls an hour of 120 s, 40 agents, 20 s.
    rate = 1000 / 3600
    assert erlang_c(rate * 120.0, 40) == pytest.approx(0.1907, abs=5e-5)
    assert service_level(rate, 120.0, 40, 20.0) == pytest.approx(0.9372, abs=5e-5)
    assert allen_cunneen(rate, 120.0, 40, 1.0) == pytest.approx(3.43, abs=5e-3)


def test_erlang_a_agrees_with_the_paper_that_made_it_known() -> None:
    # Garnett, Mandelbaum, Reiman 2002, comparison of models with and without abandonment: 50
    # agents, 48 calls of 1 min a minute, patience of 2 min; then as many calls as are answered.
    impatient = erlang_a(0.8, 60.0, 50, 120.0)
    assert impatient.abandon_probability == pytest.approx(0.031, abs=5e-4)
    assert impatient.mean_wait_s == pytest.approx(3.7, abs=0.05)
    assert erlang_a(0.8, 60.0, 50, INFINITE).mean_wait_s == pytest.approx(20.8, abs=0.05)
    assert erlang_a(0.8 * 0.969, 60.0, 50, INFINITE).mean_wait_s == pytest.approx(8.8, abs=0.05)


# Identities between the formulas.


@pytest.mark.parametrize(("load", "servers"), [(0.4, 1), (4.5, 5), (19.0, 20), (970.0, 1000)])
def test_erlang_a_with_endless_patience_is_erlang_c(load: float, servers: int) -> None:
    figures = erlang_a(load / 200.0, 200.0, servers, INFINITE)
    assert figures.wait_probability == pytest.approx(erlang_c(load, servers), rel=1e-9)
    wait = allen_cunneen(load / 200.0, 200.0, servers, 1.0)
    assert figures.mean_wait_s == pytest.approx(wait, rel=1e-9)
    assert figures.abandon_probability == 0.0


def test_erlang_a_with_no_patience_is_erlang_b() -> None:
    figures = erlang_a(0.1, 100.0, 12, 1e-7)
    assert figures.abandon_probability == pytest.approx(erlang_b(10.0, 12), rel=1e-6)


def test_erlang_a_with_patience_like_service_is_a_queue_with_endless_servers() -> None:
    # Everybody leaves at the same rate, served or not: Poisson with mean 10 in the system.
    n = np.arange(200)
    log_poisson = n * np.log(10.0) - 10.0 - np.concatenate([[0.0], np.cumsum(np.log(n[1:]))])
    waiting = np.exp(log_poisson) @ np.maximum(n - 12, 0)
    assert erlang_a(0.1, 100.0, 12, 100.0).mean_wait_s == pytest.approx(waiting / 0.1)


@pytest.mark.parametrize("patience_s", [30.0, 300.0, INFINITE])
def test_the_service_level_runs_from_no_wait_to_everybody_who_stays(patience_s: float) -> None:
    figures = erlang_a(0.095, 200.0, 20, patience_s)
    at_once = service_level(0.095, 200.0, 20, 0.0, mean_patience_s=patience_s)
    at_last = service_level(0.095, 200.0, 20, 50_000.0, mean_patience_s=patience_s)
    assert at_once == pytest.approx(1.0 - figures.wait_probability)
    assert at_last == pytest.approx(1.0 - figures.abandon_probability)


def test_the_service_level_without_abandonment_has_the_closed_form() -> None:
    closed = 1.0 - erlang_c(19.0, 20) * np.exp(-(20 - 19) / 200.0 * 45.0)
    assert service_level(0.095, 200.0, 20, 45.0) == pytest.approx(closed, rel=1e-10)


@pytest.mark.parametrize("patience_s", [60.0, INFINITE])
def test_one_server_less_misses_the_service_level(patience_s: float) -> None:
    def level(servers: int) -> float:
        return service_level(0.5, 200.0, servers, 20.0, mean_patience_s=patience_s)

    fewest = fewest_servers(0.5, 200.0, share=0.8, within_s=20.0, mean_patience_s=patience_s)
    assert level(fewest - 1) < 0.8 <= level(fewest)


def test_waiting_for_one_server_grows_with_the_spread_of_service() -> None:
    exponential = pollaczek_khinchine(0.01, 80.0, 1.0)
    assert exponential == pytest.approx(0.8 * 80.0 / 0.2)  # M/M/1
    assert pollaczek_khinchine(0.01, 80.0, 0.0) == pytest.approx(exponential / 2.0)  # M/D/1


def test_large_and_overloaded_systems_stay_finite() -> None:
    assert 0.0 < erlang_b(1e5, 100_000) < 0.01
    overloaded = erlang_a(2.0, 200.0, 300, 1e5)  # 100 Erlang too many: a queue of 50,000
    assert overloaded.wait_probability == pytest.approx(1.0)
    assert overloaded.abandon_probability == pytest.approx(0.25)
    assert service_level(2.0, 200.0, 300, 20.0, mean_patience_s=1e5) == pytest.approx(0.0, abs=1e-9)


def test_more_employees_wait_less() -> None:
    few, many = erlang_a(0.1, 100.0, 11, 300.0), erlang_a(0.1, 100.0, 13, 300.0)
    assert many.mean_wait_s < few.mean_wait_s
    assert many.abandon_probability < few.abandon_probability


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: erlang_b(-1.0, 3), "load"),
        (lambda: erlang_c(float("nan"), 3), "load"),
        (lambda: erlang_b(1.0, 0), "servers"),
        (lambda: erlang_a(0.0, 100.0, 3, 60.0), "rate"),
        (lambda: erlang_a(0.1, -5.0, 3, 60.0), "mean_service_s"),
        (lambda: erlang_a(0.1, 100.0, 12, 0.0), "mean_patience_s"),
        (lambda: erlang_a(0.1, 100.0, 10, INFINITE), "servers"),
        (lambda: service_level(0.1, 100.0, 12, -1.0), "within_s"),
        (lambda: fewest_servers(0.1, 100.0, share=1.0, within_s=20.0), "share"),
        (lambda: pollaczek_khinchine(0.1, 10.0, 1.0), "servers"),
        (lambda: allen_cunneen(0.1, 10.0, 2, -1.0), "service_cv"),
    ],
)
def test_a_wrong_number_is_refused_with_its_name(call: object, field: str) -> None:
    assert callable(call)
    with pytest.raises(InputError, match=f"^{field} is "):
        call()


# The simulation against the formulas.


def _agrees_with_erlang_a(
    employees: int, load: float, *, service_s: float, n_days: int, seed: int
) -> None:
    patience_s = 1.5 * service_s
    config = textbook_queue(employees, load=load, service_s=service_s, patience_s=patience_s)
    figures = erlang_a(load / service_s, service_s, employees, patience_s)
    waits = watch(LONGEST_IDLE, config, {"wait_s": 1.0}, n_days=n_days, seed=seed)
    leaves = watch(LONGEST_IDLE, config, {"abandoned": 1.0}, n_days=n_days, seed=seed)
    assert abs(z_of(waits.found_all_busy, figures.wait_probability)) < Z
    assert abs(z_of(waits.earned / waits.arrivals, figures.mean_wait_s)) < Z
    assert abs(z_of(leaves.earned / leaves.arrivals, figures.abandon_probability)) < Z


def test_five_employees_agree_with_erlang_a() -> None:
    _agrees_with_erlang_a(5, 4.5, service_s=600.0, n_days=96, seed=101)


@pytest.mark.slow
@pytest.mark.parametrize(("employees", "load", "n_days"), [(20, 19.0, 64), (200, 195.0, 16)])
def test_more_employees_agree_with_erlang_a(employees: int, load: float, n_days: int) -> None:
    _agrees_with_erlang_a(employees, load, service_s=600.0, n_days=n_days, seed=102)


def test_patient_customers_wait_as_erlang_c_says_whoever_is_chosen() -> None:
    config = textbook_queue(5, load=3.5, service_s=300.0, patience_s=1e12)
    truth = erlang_a(3.5 / 300.0, 300.0, 5, INFINITE)
    chance = watch(RandomIdle(), config, {"wait_s": 1.0}, n_days=64, seed=103)
    assert abs(z_of(chance.found_all_busy, truth.wait_probability)) < Z
    assert abs(z_of(chance.earned / chance.arrivals, truth.mean_wait_s)) < Z
    # Service times belong to customers, so longest idle has the same waits, not only alike ones.
    idle = watch(LONGEST_IDLE, config, {"wait_s": 1.0}, n_days=64, seed=103)
    assert np.allclose(idle.earned, chance.earned, rtol=1e-9)
    assert np.array_equal(idle.found_all_busy, chance.found_all_busy)
    assert (idle.choices != chance.choices).mean() > 0.1


def test_customers_found_in_the_centre_follow_littles_law() -> None:
    # L: what arrivals find, in the observation. λW: waiting and handling as they are paid.
    config = textbook_queue(5, load=4.5, service_s=600.0, patience_s=900.0)
    days = watch(LONGEST_IDLE, config, {"wait_s": 1.0, "handle_s": 1.0}, n_days=96, seed=104)
    assert abs(z_of(days.found_in_system, days.earned / days.seconds)) < Z


def test_one_employee_with_lognormal_service_waits_as_pollaczek_and_khinchine_say() -> None:
    config = single_server(0.7, service_s=30.0, service_cv=1.25)
    truth = pollaczek_khinchine(0.7 / 30.0, 30.0, total_cv(1.25))
    days = watch(LONGEST_IDLE, config, {"wait_s": 1.0}, n_days=48, seed=105)
    assert abs(z_of(days.found_all_busy, 0.7)) < Z
    assert abs(z_of(days.earned / days.arrivals, truth)) < Z
    # The spread matters: without it the same load would wait less than half as long.
    assert days.earned.sum() / days.arrivals.sum() > 2.0 * pollaczek_khinchine(0.7 / 30, 30, 0.0)
