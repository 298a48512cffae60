"""Estimated propensities: near the planted ones, calibrated, marked, and good enough to weight."""

from dataclasses import replace

import numpy as np
import pytest

from nba.errors import InputError, LogError
from nba.evaluate.propensity import (
    estimate_propensities,
    mark_estimated,
    multinomial_propensities,
)
from nba.evaluate.weighting import snips
from nba.types import Floats
from tests.planted_log import PlantedLog, draw_log, make_world


def choosy_log(n: int, seed: int) -> PlantedLog:
    """A log whose policy likes what its features tell, so that a model can find it out."""
    world = make_world(np.random.default_rng(1), n_situations=12)
    row = np.repeat(np.arange(12), np.diff(world.offsets))
    score = 1.5 * world.actions[:, 2] - 0.8 * world.actions[:, 1] * world.context[row, 1]
    weight = np.exp(score)
    total = np.add.reduceat(weight, world.offsets[:-1])
    logging = weight / np.repeat(total, np.diff(world.offsets))
    return draw_log(replace(world, logging=logging), n, np.random.default_rng(seed))


PLANTED = choosy_log(6000, 2)
WITHOUT = replace(PLANTED.log, propensity=np.full(6000, np.nan))


def test_propensities_of_ragged_sets_are_near_the_planted_ones() -> None:
    found = estimate_propensities(WITHOUT)
    assert np.abs(found.probabilities - PLANTED.logging).mean() < 0.03
    sums = np.add.reduceat(found.probabilities, WITHOUT.offsets[:-1])
    np.testing.assert_allclose(sums, 1.0, atol=1e-12)
    assert found.calibration_error < 0.02
    assert found.log_loss < found.even_log_loss
    assert found.temperature == pytest.approx(1.0, abs=0.15)


def test_an_estimate_with_them_is_near_the_one_with_the_true_ones() -> None:
    found = estimate_propensities(WITHOUT)
    mine = snips(found.fill(WITHOUT), PLANTED.target)
    true = snips(PLANTED.log, PLANTED.target)
    assert mine.value == pytest.approx(true.value, abs=1.5 * true.std_error)
    even = replace(PLANTED.log, propensity=1.0 / np.diff(PLANTED.log.offsets))
    assert abs(snips(even, PLANTED.target).value - true.value) > 3 * true.std_error


def test_what_rests_on_them_is_marked() -> None:
    found = estimate_propensities(WITHOUT)
    marked = mark_estimated(snips(found.fill(WITHOUT), PLANTED.target), found, {"gamma": 1.2})
    assert marked.diagnostics["propensity_estimated"] == 1.0
    assert marked.diagnostics["gamma"] == 1.2
    assert marked.diagnostics["rows"] == 6000


def test_a_unit_never_teaches_its_own_propensity() -> None:
    few = choosy_log(300, 3).log
    before = estimate_propensities(few, ridge=1e-2)
    other = few.chosen.copy()
    other[17] = (other[17] + 1) % np.diff(few.offsets)[17]
    after = estimate_propensities(replace(few, chosen=other), ridge=1e-2)
    own = slice(few.offsets[17], few.offsets[18])
    # Only the one temperature, common to all rows, has seen the row's own choice.
    before_logits = before.temperature * np.log(before.probabilities[own])
    after_logits = after.temperature * np.log(after.probabilities[own])
    np.testing.assert_allclose(np.diff(before_logits), np.diff(after_logits), atol=1e-6)


def test_a_fit_reads_a_bounded_number_of_actions_and_tells_of_all_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = estimate_propensities(WITHOUT)
    monkeypatch.setattr("nba.evaluate.propensity._FIT_ACTIONS", 4000)
    monkeypatch.setattr("nba.evaluate.propensity._BLOCK", 500)
    part = estimate_propensities(WITHOUT)
    assert len(part.probabilities) == len(WITHOUT.actions)
    assert 0 < np.abs(part.probabilities - whole.probabilities).mean() < 0.05


def planted_rows(n: int, seed: int) -> tuple[Floats, np.ndarray, Floats]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    score = np.column_stack([np.zeros(n), x[:, 0], -x[:, 1]])
    p = np.exp(score) / np.exp(score).sum(axis=1, keepdims=True)
    action = (rng.random(n)[:, None] >= np.cumsum(p, axis=1)).sum(axis=1)
    return x, action, p


def units(n: int) -> np.ndarray:
    return np.array([f"u{i}" for i in range(n)], dtype=object)


def test_propensities_of_a_flat_log_are_near_the_planted_ones() -> None:
    x, action, p = planted_rows(5000, 4)
    found = multinomial_propensities(x, action, units(5000))
    assert np.abs(found.probabilities.reshape(-1, 3) - p).mean() < 0.02


def test_an_overconfident_model_is_cooled_down() -> None:
    rng = np.random.default_rng(5)
    x, action = rng.normal(size=(200, 40)), rng.integers(0, 2, 200)  # nothing to be learned
    found = multinomial_propensities(x, action, units(200), ridge=1e-3)
    assert found.temperature > 1.5
    assert found.log_loss < 0.75


def test_rows_without_overlap_are_told_by_what_was_known_before_the_choice() -> None:
    found = estimate_propensities(WITHOUT)
    rare = replace(found, probabilities=np.where(PLANTED.logging < 0.1, 0.001, PLANTED.logging))
    kept = rare.overlap(WITHOUT, PLANTED.target)
    least = np.minimum.reduceat(PLANTED.logging, WITHOUT.offsets[:-1])
    np.testing.assert_array_equal(kept, least >= 0.1)
    never = np.zeros_like(PLANTED.target)
    never[WITHOUT.offsets[:-1] + np.argmax(PLANTED.logging[: WITHOUT.offsets[1]])] = 1.0
    assert rare.overlap(WITHOUT, np.zeros_like(never)).all()  # a target that never goes there


def test_rows_that_cannot_be_used_are_named() -> None:
    x, action, _ = planted_rows(50, 6)
    x[7, 1] = np.nan
    with pytest.raises(InputError, match=r"features\[7, 1\] is nan"):
        multinomial_propensities(x, action, units(50))
    with pytest.raises(InputError, match="action 0 was chosen always"):
        multinomial_propensities(np.ones((5, 1)), np.zeros(5, dtype=np.int64), units(5))
    with pytest.raises(InputError, match="action 3 was chosen never"):
        multinomial_propensities(np.ones((50, 1)), action, units(50), n_actions=4)
    chosen = WITHOUT.chosen.copy()
    chosen[2] = 99
    with pytest.raises(LogError, match=r"chosen\[2\] is 99"):
        estimate_propensities(replace(WITHOUT, chosen=chosen))
    with pytest.raises(LogError, match="one unit"):
        multinomial_propensities(
            np.ones((3, 1)), np.array([0, 1, 0]), np.array(["a"] * 3, dtype=object)
        )
