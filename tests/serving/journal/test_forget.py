"""A customer is forgotten wherever records lie, and no other record changes a byte."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nba.errors import LogError
from serving.journal.forget import KEY, PLAN, filled, forget
from serving.journal.records import DeletionRecord, kind_of
from serving.journal.segments import HEADER_BYTES, records_from, segment_numbers, segment_path
from tests.serving.asgi import Desk, desk
from tests.serving.live_server import environment, example

ALL = ("ann", "bob", "cleo")


def decide(counter: Desk, number: int) -> None:
    for customer in ALL:
        name = f"{number}-{customer}"
        request = example(decision_id=name, customer={"id": customer, "consent": number % 5 > 0})
        assert counter.post("/v1/decisions", request)[0] == 200
        told = {"decision_id": name, "components": {"resolved": number % 2}}
        assert counter.post("/v1/outcomes", told)[0] == 200


def records(folder: Path) -> dict[tuple[int, int], bytes]:
    return {
        (number, offset): bytes(payload)
        for number in segment_numbers(folder)
        for offset, payload in records_from(segment_path(folder, number).read_bytes())
    }


@pytest.fixture
def served(tmp_path: Path) -> Path:
    with desk(tmp_path, segment_bytes=40_000) as counter:
        for number in range(10):
            decide(counter, number)
    return tmp_path


def test_nothing_of_the_customer_is_left_and_the_rest_keeps_every_byte(served: Path) -> None:
    journal = served / "journal"
    before = records(journal)
    report = forget(journal, "bob", now=5.0)
    assert (report.decisions, report.outcomes) == (10, 10)
    after = records(journal)
    assert before.keys() == after.keys()
    changed = [place for place in before if before[place] != after[place]]
    assert len(changed) == 20
    assert {chr(kind_of(after[place])) for place in changed} == {"x"}
    assert not any(b"bob" in path.read_bytes() for path in journal.rglob("*") if path.is_file())
    assert not (journal / PLAN).exists()
    assert (journal / KEY).stat().st_mode & 0o777 == 0o600


def test_a_running_server_notices_and_a_restarted_one_does_not_know_either(served: Path) -> None:
    with desk(served, segment_bytes=40_000) as counter:
        assert counter.get("/v1/decisions/9-bob")[0] == 200
        forget(served / "journal", "bob", now=5.0)
        for name in ("0-bob", "9-bob"):
            assert counter.get(f"/v1/decisions/{name}")[0] == 404
        assert counter.get("/v1/decisions/9-ann")[0] == 200
        decide(counter, 10)  # the customer may come back
        assert counter.get("/v1/decisions/10-bob")[0] == 200
    with desk(served) as counter:
        assert counter.get("/v1/decisions/9-bob")[0] == 404
        assert counter.get("/v1/decisions/9-cleo")[2]["outcomes"][0]["value"] == 1.0
        assert not counter.journal.notes


def test_every_workers_journal_is_searched(tmp_path: Path) -> None:
    with desk(tmp_path, worker=0) as one, desk(tmp_path, worker=1) as two:
        decide(one, 1)
        decide(two, 2)
        assert forget(tmp_path / "journal", "ann", now=5.0).decisions == 2
        for counter in (one, two):
            assert counter.get("/v1/decisions/1-ann")[0] == 404
            assert counter.get("/v1/decisions/2-ann")[0] == 404
            assert counter.get("/v1/decisions/2-bob")[0] == 200


def test_forgetting_again_finds_nothing(served: Path) -> None:
    forget(served / "journal", "bob", now=5.0)
    before = records(served / "journal")
    report = forget(served / "journal", "bob", now=6.0)
    assert (report.decisions, report.outcomes, report.others) == (0, 0, 0)
    assert records(served / "journal") == before


@pytest.mark.parametrize("length", [*range(20, 140), 255, 256, 257, 258, 300, 65_535, 65_600])
def test_a_tombstone_is_as_long_as_what_it_covers(length: int) -> None:
    assert len(filled(DeletionRecord("ab" * 8, 1.5), length)) == length


def test_a_folder_without_a_journal_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="holds no journal"):
        forget(tmp_path, "bob", now=5.0)


KILLED = """
import os, sys
from pathlib import Path
from serving.journal.forget import forget
left = [int(sys.argv[2])]
def count(event, arguments):
    if event in ("open", "os.rename", "os.remove"):
        left[0] -= 1
        if left[0] == 0:
            os._exit(9)
sys.addaudithook(count)
forget(Path(sys.argv[1]), "bob", now=5.0)
"""


@pytest.mark.slow
def test_it_is_finished_by_the_next_opening_after_a_kill_at_any_step(
    served: Path, tmp_path: Path
) -> None:
    whole = served / "journal"
    kill_at = 0
    while True:
        kill_at += 1
        journal = tmp_path / "killed" / str(kill_at) / "journal"
        journal.parent.mkdir(parents=True)
        shutil.copytree(whole, journal)
        code = subprocess.run(
            [sys.executable, "-c", KILLED, str(journal), str(kill_at)],
            env=environment(),
            check=False,
        ).returncode
        assert code in (0, 9)
        planned = (journal / PLAN).exists()
        (journal.parent / "policy.nba").write_bytes((served / "policy.nba").read_bytes())
        with desk(journal.parent) as counter:
            gone = counter.get("/v1/decisions/9-bob")[0] == 404
            assert gone or not planned
            assert counter.get("/v1/decisions/9-ann")[0] == 200
            assert not counter.journal.notes
        forget(journal, "bob", now=6.0)
        assert len(records(journal)) == 60
        assert not any(b"bob" in payload for payload in records(journal).values())
        if code == 0:
            break
    assert kill_at > 10


def test_a_record_torn_while_it_was_overwritten_is_overwritten_again(served: Path) -> None:
    journal = served / "journal"
    before = records(journal)
    forget(journal, "bob", now=5.0)
    after = records(journal)
    place = next(place for place in before if before[place] != after[place])
    plan = b'{"tombstone":["x","hash",5.0],"targets":[[".",%d,%d,%d]]}' % (
        *place,
        len(before[place]),
    )
    with segment_path(journal, place[0]).open("r+b") as file:
        os.pwrite(file.fileno(), b"half of it", place[1] + HEADER_BYTES + 5)
    (journal / PLAN).write_bytes(plan)
    with desk(served) as counter:
        assert not counter.journal.notes
    assert records(journal).keys() == before.keys()
