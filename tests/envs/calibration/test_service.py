"""Handling times with planted means, spread and employees, where the truth is known exactly."""

from dataclasses import replace

import numpy as np
import pytest

from envs.calibration.contacts import DAY_S, Contacts
from envs.calibration.service import fit_service
from envs.calibration.speed import speed_tilt
from envs.presets import preset
from nba.types import Floats
from tests.envs.calibration.planted_centre import some_contacts

# Conditions that do nothing, so that the mean of a contact is its intent's mean by its employee.
BANK = replace(preset("bank"), wrap_up_s=0.0, primary_skill=0.0, other_skill=0.0, skill_sigma=1e-6)
MEANS = np.array([100.0, 200.0, 300.0, 400.0])


def contacts(
    n: int, seed: int, *, sigma: float, n_people: int = 60, lasting: bool = True
) -> Contacts:
    rng = np.random.default_rng(seed)
    intent, person = rng.integers(0, 4, n), rng.integers(0, n_people, n)
    day = rng.integers(0, 5, n)
    speed = np.exp(sigma * rng.normal(size=(n_people, 1 if lasting else 5)))
    own = speed[person, 0 if lasting else day]
    v = np.log(1.0 + 1.2**2)
    mean = MEANS[intent] * own * np.exp(0.2 * (hard := rng.normal(size=n)) - 0.02)
    handle = mean * np.exp(np.sqrt(v) * rng.normal(size=n) - v / 2)
    return some_contacts(
        at=day * DAY_S + rng.uniform(0, 3600, n),
        handle_s=handle,
        intent=intent.astype(np.int64),
        employee=person.astype(np.int64),
        language_match=np.ones(n),
        occupancy=np.zeros(n),
        complexity=hard + BANK.complexity_noise * rng.normal(size=n),
    )


def fitted(rows: Contacts) -> dict[str, tuple[Floats, Floats]]:
    part = fit_service(rows, BANK).part
    return {r.field: (np.atleast_1d(r.value), np.atleast_1d(r.std_error)) for r in part.fitted}


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("sigma", [0.1, 0.3])
@pytest.mark.parametrize("lasting", [True, False])
def test_planted_values_are_recovered(seed: int, sigma: float, lasting: bool) -> None:
    found = fitted(contacts(12_000, seed, sigma=sigma, lasting=lasting))
    for name, truth in (("service_mean_s", MEANS), ("service_cv", 1.2), ("speed_sigma", sigma)):
        value, error = found[name]
        assert (np.abs(value - truth) < 3.5 * error).all(), name


def test_the_noise_of_few_contacts_is_no_spread_of_employees() -> None:
    rows = contacts(6_000, 5, sigma=0.0, n_people=300)
    value, error = fitted(rows)["speed_sigma"]
    assert value[0] < 3.5 * error[0]
    means = np.bincount(rows.employee, np.log(rows.handle_s)) / np.bincount(rows.employee)
    assert means.std() > 0.2  # what is seen without removing it


def test_employees_who_stay_are_what_errors_count() -> None:
    same = fit_service(contacts(12_000, 1, sigma=0.3, n_people=12), BANK).part
    other = fit_service(contacts(12_000, 1, sigma=0.3, n_people=12, lasting=False), BANK).part
    assert any("errors are by 12 people" in note for note in same.notes)
    assert any("do not last from day to day" in note for note in other.notes)


def test_that_the_fast_serve_more_is_measured() -> None:
    rng = np.random.default_rng(9)
    log_speed = 0.3 * rng.normal(size=2000)
    n = rng.poisson(40.0 * np.exp(-log_speed))
    group = np.repeat(np.arange(2000), n)
    residual = log_speed[group] + rng.normal(size=len(group))
    tilt = speed_tilt(residual, group, rng.uniform(0.0, DAY_S, len(group)))
    assert tilt == pytest.approx(-(0.3**2), abs=0.015)  # of a lognormal speed weighed by 1 / speed
    assert np.isnan(speed_tilt(residual[:5], np.arange(5), np.arange(5.0)))


def test_residuals_are_normal_and_standardised() -> None:
    residual = fit_service(contacts(8_000, 2, sigma=0.2), BANK).residual
    assert residual.std() == pytest.approx(1.0)
    assert np.quantile(residual, [0.1, 0.5, 0.9]) == pytest.approx([-1.28, 0.0, 1.28], abs=0.06)


def test_unknown_intents_fit_one_scale() -> None:
    rows = contacts(6_000, 3, sigma=0.1)
    blind = Contacts(
        **{name: getattr(rows, name) for name in Contacts.__slots__}
        | {"intent": np.full(6_000, -1, dtype=np.int64)}
    )
    value, _ = fitted(blind)["service_mean_s"]
    assert np.allclose(value / np.array(BANK.service_mean_s), value[0] / BANK.service_mean_s[0])
    assert value @ np.array(BANK.intent_share) == pytest.approx(rows.handle_s.mean(), rel=0.1)


def test_unnamed_employees_have_no_spread_and_the_base_s_is_taken_out() -> None:
    rows = contacts(6_000, 4, sigma=BANK.speed_sigma)
    unnamed = Contacts(
        **{name: getattr(rows, name) for name in Contacts.__slots__}
        | {"employee": np.full(6_000, -1, dtype=np.int64)}
    )
    part = fit_service(unnamed, BANK).part
    assert "speed_sigma" in dict(part.left_out)
    row = next(r for r in part.fitted if r.field == "service_cv")
    assert isinstance(row.std_error, float)
    assert abs(float(np.atleast_1d(row.value)[0]) - 1.2) < 3.5 * row.std_error


def test_few_times_fit_nothing_and_say_so() -> None:
    part = fit_service(contacts(100, 1, sigma=0.1), BANK).part
    assert part.fitted == ()
    assert dict(part.left_out)["service_cv"] == "100 handling times; 200 are needed"
