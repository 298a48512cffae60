"""A flat log's answer: identities, chunks that do not matter, targets that are refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nba.errors import InputError, LogError
from nba.evaluate.answer import Answer
from nba.evaluate.flat_evaluation import (
    FlatEvaluation,
    action_target,
    column_target,
    evaluate_flat,
    uniform_target,
)
from nba.listen.flat_log import FlatLog, join_flat
from nba.listen.foreign import open_flat
from tests.flat_files import flat_rows, write_csv


@pytest.fixture
def log(tmp_path: Path) -> FlatLog:
    source = open_flat(write_csv(tmp_path / "log.csv", flat_rows(3000, lift=0.3)))
    return join_flat(list(source.with_segments(["tier"])))


def value_of(answer: Answer, policy: str, method: str) -> float:
    return next(e.value for name, e in answer.estimates if (name, e.method) == (policy, method))


def test_values_are_weighted_means_of_the_rewards(log: FlatLog) -> None:
    answer = evaluate_flat([log], column_target("target_prob"))
    assert log.propensity is not None
    weight = 0.5 / log.propensity
    ips = float((weight * log.reward).mean())
    assert value_of(answer, "target_prob", "ips") == pytest.approx(ips, rel=1e-12)
    snips = float((weight * log.reward).sum() / weight.sum())
    assert value_of(answer, "target_prob", "snips") == pytest.approx(snips, rel=1e-12)
    assert answer.logging.value == pytest.approx(log.reward.mean(), rel=1e-12)
    gain = snips - log.reward.mean()
    assert answer.difference.value == pytest.approx(gain, abs=1e-12)
    assert answer.promote


def test_the_logging_policy_itself_earns_the_mean_reward(log: FlatLog) -> None:
    assert log.propensity is not None
    itself = replace(log, targets={"same": log.propensity})
    answer = evaluate_flat([itself], column_target("same"))
    assert value_of(answer, "same", "ips") == pytest.approx(log.reward.mean(), rel=1e-12)
    assert answer.difference.value == pytest.approx(0.0, abs=1e-12)
    assert not answer.promote


def test_chunks_and_their_size_do_not_matter(log: FlatLog) -> None:
    whole = evaluate_flat([log], column_target("target_prob"), segments=["tier"])
    parts = [
        replace(log.take(np.arange(i, min(i + 700, 3000))), first_row=i)
        for i in range(0, 3000, 700)
    ]
    found = evaluate_flat(parts, column_target("target_prob"), segments=["tier"])
    assert found.difference.value == pytest.approx(whole.difference.value, rel=1e-12)
    assert found.difference.std_error == pytest.approx(whole.difference.std_error, rel=1e-12)
    assert list(found.segments) == ["tier=high", "tier=low"]
    assert sum(inside.rows for inside in found.segments.values()) == 3000
    assert found.tail is not None
    assert whole.tail is not None
    assert (found.tail.rows, found.tail.largest) == (whole.tail.rows, whole.tail.largest)


def test_targets_without_a_column(log: FlatLog) -> None:
    both = replace(log, n_actions=np.full(3000, 2))
    even = evaluate_flat([both], uniform_target())
    column = evaluate_flat([log], column_target("target_prob"))
    assert even.difference.value == pytest.approx(column.difference.value, rel=1e-12)
    always = evaluate_flat([log], action_target("a"))
    mean = float(log.reward[log.action == "a"].mean())
    assert value_of(always, "always a", "snips") == pytest.approx(mean, rel=1e-12)


def test_a_baseline_is_compared_on_the_same_rows(log: FlatLog) -> None:
    answer = evaluate_flat([log], action_target("a"), baseline=action_target("b"))
    assert answer.against == "always b"
    a, b = value_of(answer, "always a", "snips"), value_of(answer, "always b", "snips")
    assert answer.difference.value == pytest.approx(a - b, rel=1e-9)


def test_what_cannot_be_answered_is_told(log: FlatLog) -> None:
    with pytest.raises(InputError, match=r"uniform target needs .*n_actions"):
        evaluate_flat([log], uniform_target())
    with pytest.raises(InputError, match="no target column 'other'; it has target_prob"):
        evaluate_flat([log], column_target("other"))
    with pytest.raises(LogError, match="no propensity column"):
        evaluate_flat([replace(log, propensity=None)], column_target("target_prob"))
    for value in (1.5, -0.1, np.nan):
        wrong = log.targets["target_prob"].copy()
        wrong[17] = value
        spoiled = replace(log, targets={"target_prob": wrong}, first_row=100)
        with pytest.raises(InputError, match=r"row 117: 'target_prob' gives .* from 0 to 1"):
            evaluate_flat([spoiled], column_target("target_prob"))


def test_a_refused_chunk_leaves_the_sums_as_they_were(log: FlatLog) -> None:
    found = FlatEvaluation(column_target("target_prob"))
    found.update(log)
    before = found.sums.statistics("target_prob").total("wr")
    with pytest.raises(LogError, match="propensity outside"):
        found.update(replace(log, propensity=np.full(3000, 2.0), decision_id=None))
    assert found.sums.statistics("target_prob").total("wr") == before


def test_the_tail_counts_every_row_once(log: FlatLog) -> None:
    answer = evaluate_flat([log], action_target("a"))
    assert answer.tail is not None
    assert sum(answer.tail.rows) == 3000
    assert answer.tail.rows[0] == int((log.action != "a").sum())
    assert answer.tail.largest[0] == 4.0


def test_overlap_tells_log_and_target_apart(log: FlatLog) -> None:
    answer = evaluate_flat([log], action_target("a"))
    shares = {share.action: (share.log, share.target) for share in answer.overlap}
    assert shares["a"][0] == pytest.approx(0.25, abs=0.03)
    assert (shares["a"][1], shares["b"][1]) == (1.0, 0.0)


def test_a_segment_or_action_column_of_ids_is_refused(log: FlatLog) -> None:
    ids = np.array([f"c{i}" for i in range(3000)], dtype=object)
    many = replace(log, segments={"customer": ids})
    with pytest.raises(InputError, match="'customer' has more than 200 values"):
        evaluate_flat([many], column_target("target_prob"), segments=["customer"])
    slow = [replace(many.take(np.arange(i, i + 150)), first_row=i) for i in range(0, 600, 150)]
    with pytest.raises(InputError, match="'customer' has more than 200 values"):
        evaluate_flat(slow, column_target("target_prob"), segments=["customer"])


def test_a_log_without_a_single_success_is_not_called_certain(log: FlatLog) -> None:
    nothing = replace(log, reward=np.zeros(3000))
    answer = evaluate_flat([nothing], column_target("target_prob"))
    assert answer.result.verdict == "CANT_TELL"


def test_steps_of_an_episode_count_as_one_witness(log: FlatLog) -> None:
    twice = join_flat([log, log])
    names = np.array([f"episode-{i % 3000}" for i in range(6000)], dtype=object)
    episodes = replace(twice, unit=None, decision_id=None, episode=names)
    once = replace(log, unit=names[:3000], decision_id=None)
    found = evaluate_flat([episodes], column_target("target_prob"))
    expected = evaluate_flat([once], column_target("target_prob"))
    assert found.difference.std_error == pytest.approx(expected.difference.std_error, rel=1e-9)
    assert any("steps of episodes" in note for note in found.notes)
    assert expected.notes == ()
