"""Old segments go whole, and only those that may."""

import os
from pathlib import Path

import pytest

from nba.errors import LogError
from serving.journal.expire import expire
from serving.journal.segments import segment_numbers
from serving.journal.sidecar import sidecar_path
from tests.serving.asgi import desk
from tests.serving.journal.test_journal import opened, write
from tests.serving.live_server import example


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """Thirty decisions, a hundred seconds apart, in several segments."""
    with desk(tmp_path, segment_bytes=30_000) as counter:
        for number in range(30):
            counter.now = 1000.0 + 100 * number
            assert counter.post("/v1/decisions", example(decision_id=f"d-{number}"))[0] == 200
    return tmp_path


def test_what_is_older_goes_and_the_rest_is_served(served: Path) -> None:
    journal = served / "journal"
    before = segment_numbers(journal)
    with desk(served) as counter:
        assert counter.get("/v1/decisions/d-0")[0] == 200
        report = expire(journal, before=2500.0)
        assert report.removed > 1
        assert segment_numbers(journal) == before[report.removed :]
        assert not sidecar_path(journal, 1).exists()
        for number in range(30):
            status = counter.get(f"/v1/decisions/d-{number}")[0]
            assert status == 404 if number == 0 else status == 200 or number < 15
    with desk(served) as counter:
        assert counter.get("/v1/decisions/d-0")[0] == 404
        assert counter.get("/v1/decisions/d-29")[0] == 200
        assert counter.post("/v1/decisions", example(decision_id="more"))[0] == 200


def test_the_open_segment_stays_however_old_it_is(served: Path) -> None:
    expire(served / "journal", before=1e12)
    assert len(segment_numbers(served / "journal")) == 1


def test_only_what_a_log_has_goes_if_one_is_given(served: Path) -> None:
    report = expire(served / "journal", before=1e12, compacted={".": 3})
    assert (report.removed, segment_numbers(served / "journal")[0]) == (2, 3)
    assert report.not_compacted > 0


def test_a_segment_with_other_facts_stays(served: Path) -> None:
    fact = b"\x92\xa1r" + b"\xa5agent"  # ["r", "agent"]
    journal = opened(served / "journal", segment_bytes=30_000)
    write(journal, [fact])
    for _ in range(5):
        write(journal, [b"\x92\xa1x" + b"\xda\x40\x00" + bytes(0x4000)])
    journal.close()
    report = expire(served / "journal", before=1e12)
    assert report.with_state == 1
    assert len(segment_numbers(served / "journal")) == 2


def test_files_of_entries_without_a_segment_are_swept(served: Path) -> None:
    path = sidecar_path(served / "journal", 999)
    path.write_bytes(b"left behind")
    os.utime(path, (1, 1))
    expire(served / "journal", before=0.0)
    assert not path.exists()


def test_a_folder_without_a_journal_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="holds no journal"):
        expire(tmp_path, before=5.0)
