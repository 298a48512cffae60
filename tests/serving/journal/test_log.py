"""A day of serving is a decision log: the numbers the policy saw, and nobody who opted out."""

from pathlib import Path

import numpy as np
import pytest

from nba.errors import LogError
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.encode import Feature, FeatureSpec
from nba.listen.objective import Objective
from nba.listen.outcomes import join_outcomes
from serving.journal.log import JournalLog, read_journal_log
from serving.journal.segments import segment_path
from tests.serving.asgi import desk
from tests.serving.live_server import example

N = 12


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """A journal of decisions with outcomes, an opt-out and a dry run."""
    with desk(tmp_path) as counter:
        for number in range(N):
            context = example()["context"] | {"hour": 8 + number / 2}
            actions = example()["actions"][: 4 + number % 5]
            request = example(decision_id=f"d-{number}", context=context, actions=actions)
            counter.now = 1000.0 + number
            assert counter.post("/v1/decisions", request)[0] == 200
        counter.post("/v1/decisions", example(decision_id="dry", dry_run=True))
        out = example(decision_id="out", customer={"id": "c", "consent": False})
        assert counter.post("/v1/decisions", out)[0] == 200
        for name in ("d-3", "out"):
            told = {"decision_id": name, "components": {"resolved": 1, "wait_s": 30}, "at": 1500}
            assert counter.post("/v1/outcomes", told)[0] == 200
    return tmp_path / "journal"


def read(served: Path) -> JournalLog:
    return read_journal_log(served, CONTACT_CENTRE)


def test_the_log_holds_what_the_policy_saw_and_gave(served: Path) -> None:
    log = read(served).log
    assert log.decision_id.tolist() == [f"d-{i}" for i in range(N)]
    assert log.at.tolist() == [1000.0 + i for i in range(N)]
    assert log.spec_version == CONTACT_CENTRE.version
    assert log.context[:, CONTACT_CENTRE.context_column("hour")].tolist() == [
        8 + i / 2 for i in range(N)
    ]
    assert np.isnan(log.reward).all()
    for i in range(N):
        own = slice(log.offsets[i], log.offsets[i + 1])
        ids = log.action_ids[own].tolist()
        sent = example()["actions"][: 4 + i % 5]
        eligible = [a for a in sent if a["id"] not in ("employee-21", "employee-23")]
        assert ids == [a["id"] for a in eligible]
        for action, row in zip(eligible, log.actions[own], strict=True):
            encoded = CONTACT_CENTRE.encode_action({"kind": action["kind"], **action["features"]})
            np.testing.assert_array_equal(row, encoded.astype(np.float32))


def test_choice_and_propensity_are_those_of_the_answer(served: Path, tmp_path: Path) -> None:
    log = read(served).log
    with desk(tmp_path) as counter:
        for i in range(N):
            reply = counter.get(f"/v1/decisions/d-{i}")[2]["reply"]
            assert log.action_ids[log.offsets[i] + log.chosen[i]] == reply["chosen"]["id"]
            assert log.propensity[i] == reply["propensity"]
            assert log.policy_version[i] == reply["policy_version"]


def test_the_logged_policy_gives_the_logged_propensity_again(served: Path, tmp_path: Path) -> None:
    log = read(served).log
    with desk(tmp_path) as counter:
        policy = counter.store.current.loaded.policy
    for i in range(N):
        own = slice(log.offsets[i], log.offsets[i + 1])
        mask = np.ones((1, own.stop - own.start), dtype=np.bool_)
        p = policy.batch_probabilities(log.context[i : i + 1], log.actions[None, own], mask)
        assert p[0, log.chosen[i]] == log.propensity[i]


def test_who_opted_out_is_counted_and_left_out_with_the_outcomes(served: Path) -> None:
    journal = read(served)
    assert (journal.opted_out, journal.other_spec) == (1, 0)
    assert set(journal.log.unit) == {"customer-4711"}
    assert set(journal.outcomes.decision_id) == {"d-3"}


def test_the_outcomes_join(served: Path) -> None:
    journal = read(served)
    objective = Objective({"resolved": 7.0, "wait_s": -0.01})
    joined, report = join_outcomes(
        journal.log, journal.outcomes, objective=objective, now=2000.0, window_s=1000.0
    )
    assert report.joined == 2
    assert joined.reward[3] == pytest.approx(6.7)
    assert np.isnan(np.delete(joined.reward, 3)).all()


def test_decisions_under_another_spec_are_counted(served: Path) -> None:
    other = FeatureSpec("other", (*CONTACT_CENTRE.context, Feature("x")), CONTACT_CENTRE.action)
    journal = read_journal_log(served, other)
    assert (len(journal.log), journal.other_spec, len(journal.outcomes)) == (0, N, 0)


def test_a_torn_end_is_left_out_and_left_alone(served: Path) -> None:
    path = segment_path(served, 1)
    data = path.read_bytes()
    path.write_bytes(data + data[8:100])
    before = path.read_bytes()
    assert len(read(served).log) == N
    assert path.read_bytes() == before


def test_a_folder_without_a_journal_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="holds no journal"):
        read_journal_log(tmp_path, CONTACT_CENTRE)
