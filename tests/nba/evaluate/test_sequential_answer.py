"""Answers per episode: near the planted truth, paired, and with a verdict that counts episodes."""

from dataclasses import replace

import numpy as np
import pytest

from nba.errors import InputError, LogError
from nba.evaluate.decision_evaluation import LogTarget
from nba.evaluate.flat_evaluation import column_target
from nba.evaluate.sequential_answer import evaluate_episodes, evaluate_flat_episodes
from nba.listen.flat_log import FlatLog
from nba.types import DecisionLog, Floats
from tests.planted_episodes import draw_episodes, log_of, make_chain

CHAIN = make_chain()
DRAWN = draw_episodes(CHAIN, 4000, np.random.default_rng(3))


def decisions() -> tuple[DecisionLog, Floats]:
    """The log with its episodes as segments, and the target's probabilities."""
    log = log_of(CHAIN, DRAWN)
    segments = {"episode": log.unit, "step": DRAWN.step.astype(str).astype(object)}
    return replace(log, segments=segments), CHAIN.target[DRAWN.state].ravel()


def flat() -> FlatLog:
    return FlatLog(
        action=DRAWN.action.astype(str).astype(object),
        propensity=CHAIN.logging[DRAWN.state, DRAWN.action],
        reward=DRAWN.reward,
        episode=DRAWN.episode.astype(str).astype(object),
        step=DRAWN.step,
        targets={"new": CHAIN.target[DRAWN.state, DRAWN.action]},
    )


def test_every_estimator_of_a_decision_log_is_near_the_truth() -> None:
    log, target = decisions()
    answer = evaluate_episodes(log, LogTarget("new", target), discount=CHAIN.discount)
    assert [e.method for _, e in answer.estimates] == ["pdis", "wpdis", "seq-dr", "wdr", "fqe"]
    truth = CHAIN.value(CHAIN.target)
    for _, estimate in answer.estimates:
        assert abs(estimate.value - truth) < 4 * estimate.std_error + 0.02
    assert abs(answer.logging.value - CHAIN.value(CHAIN.logging)) < 4 * answer.logging.std_error
    gain = truth - CHAIN.value(CHAIN.logging)
    assert answer.difference.low < gain < answer.difference.high
    assert answer.difference.diagnostics["rows"] == 4000  # episodes, not steps
    assert answer.result.verdict == ("PROMOTE" if gain > 0 else "HOLD")
    assert "EUR per episode" in answer.result.reasons[0]


def test_a_flat_log_says_the_same_by_weights_in_any_chunks() -> None:
    log, target = decisions()
    whole = evaluate_episodes(log, LogTarget("new", target))
    rows = np.arange(len(DRAWN.state))
    chunks = [
        replace(flat().take(part), first_row=int(part[0])) for part in np.array_split(rows, 9)
    ]
    answer = evaluate_flat_episodes(chunks, column_target("new"))
    told = {e.method: e for _, e in whole.estimates}
    for _, estimate in answer.estimates:
        assert estimate.value == pytest.approx(told[estimate.method].value, rel=1e-9)
        assert estimate.std_error == pytest.approx(told[estimate.method].std_error, rel=0.05)
    assert answer.difference.method == "wpdis"


def test_pairing_takes_the_luck_of_the_episodes_out() -> None:
    log, target = decisions()
    near = 0.9 * CHAIN.logging[DRAWN.state].ravel() + 0.1 * target
    answer = evaluate_episodes(log, LogTarget("near", near))
    value = next(e for _, e in answer.estimates if e.method == "seq-dr")
    assert answer.difference.std_error < 0.5 * value.std_error
    same = evaluate_episodes(log, LogTarget("same", CHAIN.logging[DRAWN.state].ravel()))
    pdis = next(e for _, e in same.estimates if e.method == "pdis")
    assert pdis.value == pytest.approx(same.logging.value)
    assert pdis.std_error == pytest.approx(same.logging.std_error)


def test_few_episodes_carry_no_verdict_though_they_have_many_steps() -> None:
    few = draw_episodes(CHAIN, 60, np.random.default_rng(4))
    log = log_of(CHAIN, few)
    log = replace(log, segments={"episode": log.unit, "step": few.step.astype(str).astype(object)})
    answer = evaluate_episodes(log, LogTarget("new", CHAIN.target[few.state].ravel()))
    assert answer.result.verdict == "CANT_TELL"
    assert "of 60 episodes" in answer.result.reasons[0]


def test_an_episode_with_a_missing_reward_is_left_out_whole() -> None:
    log = flat()
    reward = log.reward.copy()
    reward[0] = np.nan
    answer = evaluate_flat_episodes([replace(log, reward=reward)], column_target("new"))
    assert answer.difference.diagnostics["rows"] == 3999
    assert any("1 episodes are left out" in note for note in answer.notes)


def test_logs_without_episodes_are_refused() -> None:
    log, target = decisions()
    with pytest.raises(LogError, match="no segment column 'episode'"):
        evaluate_episodes(replace(log, segments={}), LogTarget("new", target))
    steps = np.full(len(log), "first", dtype=object)
    with pytest.raises(LogError, match="row 0: step is 'first'"):
        evaluate_episodes(
            replace(log, segments={**log.segments, "step": steps}), LogTarget("new", target)
        )
    with pytest.raises(InputError, match="episodes need columns"):
        evaluate_flat_episodes([replace(flat(), step=None)], column_target("new"))
