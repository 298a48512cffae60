"""The answer of a decision log is that of its estimators, with its evidence beside it."""

from dataclasses import replace

import numpy as np
import pytest

from nba.errors import InputError, LogError
from nba.evaluate.action_sums import overlap
from nba.evaluate.answer import Answer, next_steps
from nba.evaluate.decision_evaluation import LogTarget, evaluate_decisions
from nba.evaluate.evaluation import evaluate
from nba.types import Estimate
from tests.planted_log import draw_log, make_world

PLANTED = draw_log(make_world(np.random.default_rng(1)), 3000, np.random.default_rng(2))


@pytest.fixture(scope="module")
def answer() -> Answer:
    return evaluate_decisions(PLANTED.log, LogTarget("planted", PLANTED.target), protect=["tier"])


def assert_same(mine: Estimate, theirs: Estimate) -> None:
    assert mine.method == theirs.method
    assert (mine.value, mine.std_error, mine.low, mine.high, mine.ess) == pytest.approx(
        (theirs.value, theirs.std_error, theirs.low, theirs.high, theirs.ess), rel=1e-9, abs=1e-9
    )


def test_it_says_what_evaluate_says(answer: Answer) -> None:
    expected = evaluate(PLANTED.log, PLANTED.target, protect=["tier"])
    for mine, theirs in zip(answer.estimates, expected.estimates, strict=True):
        assert_same(mine[1], theirs)
    assert_same(answer.difference, expected.difference)
    assert_same(answer.logging, expected.logging)
    assert answer.result == expected.result


def test_the_tail_and_the_overlap_are_of_this_log(answer: Answer) -> None:
    log = PLANTED.log
    chosen = log.offsets[:-1] + log.chosen
    weight = PLANTED.target[chosen] / log.propensity
    assert answer.tail is not None
    assert sum(answer.tail.weight) == pytest.approx(weight.sum())
    assert answer.tail.largest[0] == weight.max()
    shares = {share.action: share for share in answer.overlap}
    queue = log.actions[:, 0] > 0.5
    assert shares["queue"].log == pytest.approx(queue[chosen].mean())
    assert shares["queue"].target == pytest.approx(PLANTED.target[queue].sum() / len(log))


def test_without_kinds_the_overlap_is_by_action() -> None:
    log = replace(PLANTED.log, action_names=("x", "y", "z"))
    shares = overlap(log, PLANTED.target)
    assert sum(share.log for share in shares) == pytest.approx(1.0)
    assert sum(share.target for share in shares) == pytest.approx(1.0)


def test_a_cross_fitted_model_is_calibrated_here(answer: Answer) -> None:
    observed = np.array([tenth.observed for tenth in answer.calibration])
    predicted = np.array([tenth.predicted for tenth in answer.calibration])
    assert abs((observed - predicted).mean()) < 4 / np.sqrt(3000)  # the noise has deviation 1
    assert np.corrcoef(observed, predicted)[0, 1] > 0.9


def test_what_to_do_next_follows_the_verdict(answer: Answer) -> None:
    def after(verdict: str) -> str:
        result = replace(answer.result, verdict=verdict)  # type: ignore[arg-type]  # one of three
        return " ".join(next_steps(replace(answer, result=result)))

    assert "promote it to a part" in after("PROMOTE")
    assert "keep the policy" in after("HOLD")
    assert "small, logged share" in after("CANT_TELL")


def test_faulty_rows_and_twins_are_refused() -> None:
    target = LogTarget("planted", PLANTED.target)
    with pytest.raises(InputError, match="both 'planted'"):
        evaluate_decisions(PLANTED.log, target, baseline=target)
    wrong = PLANTED.log.propensity.copy()
    wrong[17] = 0.0
    with pytest.raises(LogError, match="row 17"):
        evaluate_decisions(replace(PLANTED.log, propensity=wrong), target)
