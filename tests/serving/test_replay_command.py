"""`nba replay` says yes, no, or which policy file it needs."""

import json
from pathlib import Path

import msgspec
import pytest

from nba.cli import main
from serving.journal.forget import forget
from serving.journal.records import BatchRecord, DecisionRecord, decode_record, encode_record
from tests.serving.api.arrow_stream import ask
from tests.serving.asgi import desk
from tests.serving.journal.test_journal import opened, write
from tests.serving.live_server import example, policy_file


@pytest.fixture
def served(tmp_path: Path) -> Path:
    with desk(tmp_path) as counter:
        for number in range(6):
            customer = {"id": "c", "consent": number != 3}
            request = example(decision_id=f"d-{number}", customer=customer)
            assert counter.post("/v1/decisions", request)[0] == 200
    return tmp_path


def run(served: Path, *options: str, policies: str = "policy.nba") -> int:
    return main(["replay", str(served / "journal"), "--policies", str(served / policies), *options])


def test_all_that_was_served_is_reproduced(
    served: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(served, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "replayed": 6,
        "differing": 0,
        "differences": [],
    }
    assert run(served, "--decision", "d-3", policies="") == 0  # a folder of policy files
    assert "1 decisions replayed, 0 differ" in capsys.readouterr().out


def test_a_batch_is_reproduced_also_without_those_who_were_forgotten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with desk(tmp_path) as counter:
        ask(counter, [example(decision_id=f"d-{i}", customer={"id": f"c-{i}"}) for i in range(70)])
    assert run(tmp_path) == 0
    assert "70 decisions replayed, 0 differ" in capsys.readouterr().out
    forget(tmp_path / "journal", "c-5", now=9.0)
    assert run(tmp_path) == 0
    assert "69 decisions replayed, 0 differ" in capsys.readouterr().out
    assert run(tmp_path, "--decision", "d-66") == 0
    assert run(tmp_path, "--decision", "d-5") == 2
    journal = opened(tmp_path / "journal")
    record = decode_record(next(payload for _, payload in journal.recovered(b"b")))
    assert isinstance(record, BatchRecord)
    changed = bytes([record.chosen[0] ^ 1]) + record.chosen[1:]
    write(journal, [encode_record(msgspec.structs.replace(record, chosen=changed))])
    journal.close()
    assert run(tmp_path) == 1
    assert "d-0: action was" in capsys.readouterr().out


def test_a_record_that_was_changed_is_told(
    served: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = opened(served / "journal")
    record = decode_record(next(payload for _, payload in journal.recovered(b"d")))
    assert isinstance(record, DecisionRecord)
    other = msgspec.structs.replace(record, decision_id="forged", why=["because"] * 3)
    write(journal, [encode_record(other)])
    journal.close()
    assert run(served) == 1
    assert "forged: reasons was ['because'" in capsys.readouterr().out


def test_an_absent_policy_or_decision_is_told(
    served: Path, capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert run(served, "--decision", "d-99") == 2
    assert "has no decision 'd-99'" in capsys.readouterr().err
    (served / "empty").mkdir()
    assert run(served, policies="empty") == 2
    assert "which is in none of --policies" in capsys.readouterr().err
    other = policy_file(tmp_path_factory.mktemp("other"))
    assert main(["replay", str(served / "none"), "--policies", str(other)]) == 2
    assert "holds no journal" in capsys.readouterr().err
