"""What the times and the mean weight of a decision log tell beside its faults."""

from dataclasses import replace

import numpy as np
import pytest

from nba.evaluate.decision_check import check_decisions
from nba.evaluate.flat_evaluation import column_target, evaluate_flat
from nba.evaluate.flat_view import flat_view
from nba.evaluate.weighting import snips
from nba.types import DecisionLog
from tests.planted_log import draw_log, make_world

PLANTED = draw_log(make_world(np.random.default_rng(1)), 4000, np.random.default_rng(2))


@pytest.fixture
def log() -> DecisionLog:
    return PLANTED.log


def test_a_sound_log_has_nothing_more_to_tell(log: DecisionLog) -> None:
    assert check_decisions(log).notes == ()


def test_propensities_off_by_a_factor_are_told(log: DecisionLog) -> None:
    wrong = replace(log, propensity=log.propensity / 2.5)
    assert any("too small" in note for note in check_decisions(wrong).notes)


def test_late_rewards_and_drift_are_told(log: DecisionLog) -> None:
    reward = log.reward + np.arange(4000) / 2000
    reward[3600:] = np.nan
    notes = check_decisions(replace(log, reward=reward)).notes
    assert any("reward drifts" in note for note in notes)
    assert any("rewards come late" in note for note in notes)


def test_a_faulty_log_is_told_by_its_faults_alone(log: DecisionLog) -> None:
    found = check_decisions(replace(log, chosen=np.full(4000, 99)))
    assert not found.usable


def test_the_flat_view_gives_the_same_snips(log: DecisionLog) -> None:
    chosen = PLANTED.target[log.offsets[:-1] + log.chosen]
    flat = replace(flat_view(log), targets={"planted": chosen})
    answer = evaluate_flat([flat], column_target("planted"))
    found = next(e for _, e in answer.estimates if e.method == "snips")
    expected = snips(log, PLANTED.target)
    assert found.value == pytest.approx(expected.value, rel=1e-12)
    assert found.std_error == pytest.approx(expected.std_error, rel=1e-9)
