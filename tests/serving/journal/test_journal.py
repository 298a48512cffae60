"""What was acknowledged is found again; what was torn is cut; a second writer is kept out."""

import asyncio
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from nba.errors import InputError, JournalError
from serving.journal import disk
from serving.journal.journal import Journal, Location
from serving.journal.segments import HEADER_BYTES, MAGIC, segment_path
from tests.serving.live_server import environment

BOTH = pytest.mark.parametrize("durability", ["fsync", "os"])


def opened(
    directory: Path, durability: str = "os", *, segment_bytes: int = 2**20, max_waiting: int = 1000
) -> Journal:
    return Journal(
        directory, durability=durability, segment_bytes=segment_bytes, max_waiting=max_waiting
    )


def write(journal: Journal, payloads: list[bytes]) -> list[Location]:
    async def append_all() -> list[Location]:
        return await asyncio.gather(*(journal.append(payload) for payload in payloads))

    return asyncio.run(append_all())


def payloads_in(directory: Path) -> list[bytes]:
    journal = opened(directory)
    found = [payload for _, payload in journal.recovered()]
    journal.close()
    return found


_DESCRIPTORS = Path("/dev/fd")
PAYLOADS = [f"record {i} ".encode() * (1 + i % 5) for i in range(30)]


@BOTH
def test_what_is_acknowledged_is_read_back_by_location_and_after_reopening(
    tmp_path: Path, durability: str
) -> None:
    journal = opened(tmp_path, durability)
    places = write(journal, PAYLOADS[:20])
    places += write(journal, PAYLOADS[20:])
    assert [journal.read(place) for place in places] == PAYLOADS
    journal.close()
    assert payloads_in(tmp_path) == PAYLOADS


@BOTH
def test_segments_rotate_and_stay_readable(tmp_path: Path, durability: str) -> None:
    journal = opened(tmp_path, durability, segment_bytes=200)
    places = [place for payload in PAYLOADS for place in write(journal, [payload])]
    assert len({place.segment for place in places}) > 5
    assert [journal.read(place) for place in places] == PAYLOADS
    journal.close()
    assert payloads_in(tmp_path) == PAYLOADS


def test_writing_goes_on_behind_what_was_found(tmp_path: Path) -> None:
    for start in range(0, 30, 10):
        journal = opened(tmp_path)
        assert [payload for _, payload in journal.recovered()] == PAYLOADS[:start]
        write(journal, PAYLOADS[start : start + 10])
        journal.close()
    assert payloads_in(tmp_path) == PAYLOADS
    assert len(list(tmp_path.glob("*.journal"))) == 1


def test_a_tail_torn_at_any_byte_is_cut_at_the_last_whole_record(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    places = write(journal, PAYLOADS[:4])
    journal.close()
    path = segment_path(tmp_path, 1)
    data = path.read_bytes()
    last = places[-1].offset
    for length in range(last, len(data)):
        path.write_bytes(data[:length])
        journal = opened(tmp_path)
        assert [payload for _, payload in journal.recovered()] == PAYLOADS[:3]
        assert len(journal.notes) == (length > last)
        assert write(journal, [b"next"]) == [Location(1, last)]
        journal.close()
        assert payloads_in(tmp_path) == [*PAYLOADS[:3], b"next"]


def test_a_file_torn_in_its_first_line_is_used_again(tmp_path: Path) -> None:
    for length in range(len(MAGIC) + 1):
        path = segment_path(tmp_path, 1)
        path.write_bytes(MAGIC[:length])
        journal = opened(tmp_path)
        write(journal, [b"first"])
        journal.close()
        assert payloads_in(tmp_path) == [b"first"]


def test_damage_in_the_middle_costs_that_record_and_is_told(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    places = write(journal, PAYLOADS[:5])
    journal.close()
    path = segment_path(tmp_path, 1)
    data = bytearray(path.read_bytes())
    data[places[2].offset + HEADER_BYTES + 1] ^= 4
    path.write_bytes(data)
    journal = opened(tmp_path)
    assert [payload for _, payload in journal.recovered()] == [*PAYLOADS[:2], *PAYLOADS[3:5]]
    assert f"bytes {places[2].offset} to {places[3].offset} are damaged" in journal.notes[0]
    assert write(journal, [b"next"])[0].segment == 2  # the damaged file is left as it is
    journal.close()
    assert path.read_bytes() == bytes(data)


def test_a_record_that_rots_while_serving_is_not_passed_off_as_whole(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    (place,) = write(journal, [b"a record"])
    with segment_path(tmp_path, 1).open("r+b") as file:
        file.seek(place.offset + HEADER_BYTES)
        file.write(b"A")
    with pytest.raises(JournalError, match="is damaged on disk"):
        journal.read(place)
    journal.close()


def test_a_second_server_is_kept_out(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    with pytest.raises(InputError, match="in use by another server"):
        opened(tmp_path)
    journal.close()
    opened(tmp_path).close()


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file/journal cannot be used"):
        opened(tmp_path / "file" / "journal")
    segment_path(tmp_path, 1).write_bytes(b"something else")
    with pytest.raises(InputError, match="does not begin with"):
        opened(tmp_path)


def test_a_full_queue_is_refused_not_dropped(tmp_path: Path) -> None:
    journal = opened(tmp_path, "fsync", max_waiting=5)

    async def append_all() -> list[Location | BaseException]:
        promised = [journal.append(payload) for payload in PAYLOADS]
        return await asyncio.gather(*promised, return_exceptions=True)

    answers = asyncio.run(append_all())
    refused = [answer for answer in answers if isinstance(answer, JournalError)]
    assert len(refused) == len(PAYLOADS) - 5
    journal.close()
    assert payloads_in(tmp_path) == PAYLOADS[:5]


FULL_DISK = """
import asyncio, sys
from pathlib import Path
from serving.journal.journal import Journal
journal = Journal(Path(sys.argv[1]), durability=sys.argv[2], segment_bytes=2**20, max_waiting=99)
async def main():
    for i in range(100):
        try:
            await journal.append(bytes([i]) * 1000)
            print(i)
        except Exception as error:
            print(type(error).__name__, error)
            break
asyncio.run(main())
journal.close()
"""


@BOTH
def test_a_disk_that_is_full_fails_the_write_and_keeps_the_rest(
    tmp_path: Path, durability: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path), durability],
        capture_output=True,
        text=True,
        check=True,
        env=environment(),
        preexec_fn=_limit_file_size,  # makes a write fail for real
    )
    *acknowledged, failure = done.stdout.splitlines()
    assert failure.startswith("JournalError the journal cannot be written: ")
    assert len(acknowledged) == 20
    assert payloads_in(tmp_path) == [bytes([i]) * 1000 for i in range(20)]


def _limit_file_size() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_500, 20_500))


@pytest.fixture(autouse=True)
def no_descriptor_is_left_open() -> Iterator[None]:
    before = sum(1 for _ in _DESCRIPTORS.iterdir())
    yield
    assert sum(1 for _ in _DESCRIPTORS.iterdir()) <= before


@BOTH
def test_an_answer_that_cannot_be_given_keeps_nobody_else_waiting(
    tmp_path: Path, durability: str
) -> None:
    journal = opened(tmp_path, durability)
    told: list[object] = []

    async def promise() -> list[object]:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: told.append(context["exception"]))

        def fails(_: object) -> None:
            raise ConnectionError("the client is gone")

        journal.write(PAYLOADS[0], fails)
        place = await asyncio.wait_for(journal.append(PAYLOADS[1]), 20)
        return [journal.read(place)]

    assert asyncio.run(promise()) == [PAYLOADS[1]]
    assert [type(error) for error in told] == [ConnectionError]
    journal.close()


def test_a_quick_disk_is_waited_for_and_a_slow_one_has_its_own_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = [60.0, 0.0, 0.0, 60.0, 60.0]  # within them a sync counts as quick
    threads: list[str] = []

    def sync(_: int) -> None:
        monkeypatch.setattr(disk, "_QUICK_S", limits[len(threads)])
        threads.append(threading.current_thread().name.partition("_")[0])

    journal = opened(tmp_path, "fsync")
    with monkeypatch.context() as patch:
        patch.setattr(disk, "_sync", sync)
        for number in range(5):
            write(journal, PAYLOADS[2 * number : 2 * number + 2])
    assert threads == ["MainThread", "MainThread", "journal", "journal", "MainThread"]
    journal.close()
    assert payloads_in(tmp_path) == PAYLOADS[:10]


@pytest.mark.parametrize("slow", [False, True])
def test_after_a_failed_sync_nothing_is_promised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, slow: bool
) -> None:
    def fails(_: int) -> None:
        raise OSError(5, "input/output error")

    journal = opened(tmp_path, "fsync")
    with monkeypatch.context() as patch:
        patch.setattr(disk, "_QUICK_S", 0.0 if slow else 60.0)
        write(journal, PAYLOADS[:1])
        patch.setattr(disk, "_sync", fails)
        with pytest.raises(JournalError, match="input/output error"):
            write(journal, PAYLOADS[1:2])
    assert journal.room == 0
    with pytest.raises(JournalError, match=r"a sync of the journal failed .*; restart the server"):
        write(journal, PAYLOADS[2:3])
    journal.close()
