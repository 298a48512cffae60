"""A write is whole or not there; a sync tells whether the disk is quick; a full segment is left.

The next one is prepared on the journal's own thread, so that nobody waits for it.
"""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.journal import disk as module
from serving.journal.disk import Disk
from serving.journal.segments import (
    MAGIC,
    create_segment,
    prepare_segment,
    segment_numbers,
    segment_path,
)
from tests.serving.journal.test_journal import BOTH, PAYLOADS, opened, payloads_in, write


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    made = Disk(tmp_path, file=create_segment(tmp_path, 1), segment=1, end=len(MAGIC))
    yield made
    made.close()


def test_what_is_written_lies_behind_what_was(disk: Disk, tmp_path: Path) -> None:
    places = [disk.write(data) for data in (b"one", b"three", b"")]
    disk.sync()
    assert places == [len(MAGIC), len(MAGIC) + 3, len(MAGIC) + 8]
    assert disk.end == len(MAGIC) + 8
    assert segment_path(tmp_path, 1).read_bytes() == MAGIC + b"onethree"


def test_a_disk_that_takes_a_few_bytes_at_a_time_gets_all_of_them(
    disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = os.pwrite

    def few(file: int, data: bytes, offset: int) -> int:
        return whole(file, data[:3], offset)

    monkeypatch.setattr(os, "pwrite", few)
    disk.write(b"some more bytes")
    assert segment_path(tmp_path, 1).read_bytes() == MAGIC + b"some more bytes"


def test_nothing_stays_of_a_write_that_fails_half_way(
    disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk.write(b"before")
    whole = os.pwrite

    def until_full(file: int, data: bytes, offset: int) -> int:
        if offset > len(MAGIC) + 8:
            raise OSError(28, "no space left on device")
        return whole(file, data[:4], offset)

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", until_full)
        with pytest.raises(OSError, match="no space"):
            disk.write(b"does not fit")
    assert segment_path(tmp_path, 1).read_bytes() == MAGIC + b"before"
    assert disk.write(b"!") == len(MAGIC) + 6


def test_the_last_sync_tells_whether_the_disk_is_quick(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(module, "_sync", lambda _: time.sleep(0.003))
        disk.sync()
    assert not disk.quick
    monkeypatch.setattr(module, "_QUICK_S", 60.0)  # however busy the machine is
    disk.sync()
    assert disk.quick


def test_a_full_segment_is_followed_by_a_new_one(disk: Disk, tmp_path: Path) -> None:
    assert not disk.full(10**6, limit=100)  # an empty one takes a record of any size
    disk.write(bytes(80))
    assert disk.full(80, limit=100)
    assert not disk.full(10, limit=100)
    module.sync_and_close(disk.next())
    assert (disk.segment, disk.end) == (2, len(MAGIC))
    disk.write(b"new")
    assert segment_path(tmp_path, 2).read_bytes() == MAGIC + b"new"


def test_a_prepared_segment_is_used_when_one_is_needed(disk: Disk, tmp_path: Path) -> None:
    assert not disk.half_full(limit=100)
    disk.write(bytes(60))
    assert disk.half_full(limit=100)
    disk.prepare()
    assert segment_numbers(tmp_path) == [1]
    module.sync_and_close(disk.next())
    assert (disk.segment, disk.end) == (2, len(MAGIC))
    disk.write(b"new")
    disk.sync()
    assert segment_path(tmp_path, 2).read_bytes() == MAGIC + b"new"
    assert len(list(tmp_path.iterdir())) == 2


def test_the_name_of_a_prepared_segment_is_synced_before_its_data(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(module, "sync_folder", lambda _: synced.append("folder"))
        patch.setattr(module, "_sync", lambda _: synced.append("data"))
        disk.prepare()
        os.close(disk.next())
        disk.sync()
        disk.sync()
    assert synced == ["folder", "data", "data"]


def test_a_prepared_segment_that_was_not_needed_is_removed(tmp_path: Path) -> None:
    (tmp_path / "segment-ahead").write_bytes(b"left by a server that was killed")
    made = Disk(tmp_path, file=create_segment(tmp_path, 1), segment=1, end=len(MAGIC))
    made.prepare()
    assert (tmp_path / "segment-ahead").read_bytes() == MAGIC
    made.close()
    assert list(tmp_path.iterdir()) == [segment_path(tmp_path, 1)]


@BOTH
def test_the_next_segment_is_prepared_before_it_is_needed(
    tmp_path: Path, durability: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def prepared(folder: Path) -> int:
        made.append(threading.current_thread().name.partition("_")[0])
        return prepare_segment(folder)

    journal = opened(tmp_path, durability, segment_bytes=400)
    with monkeypatch.context() as patch:
        patch.setattr(module, "prepare_segment", prepared)
        places = []
        for payload in PAYLOADS:
            places += write(journal, [payload])
            until_prepared(tmp_path)
    assert len({place.segment for place in places}) > 2
    assert set(made) == {"journal"}
    assert [journal.read(place) for place in places] == PAYLOADS
    journal.close()
    assert payloads_in(tmp_path) == PAYLOADS
    assert not (tmp_path / "segment-ahead").exists()


def until_prepared(folder: Path) -> None:
    """Wait a little: a segment that is not prepared yet is not waited for."""
    for _ in range(20):
        if (folder / "segment-ahead").exists():
            return
        time.sleep(0.001)


def test_nobody_waits_for_a_segment_that_takes_its_time_to_prepare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()

    def slow(folder: Path) -> int:
        assert released.wait(10.0)
        return prepare_segment(folder)

    journal = opened(tmp_path, "os", segment_bytes=100)
    with monkeypatch.context() as patch:
        patch.setattr(module, "prepare_segment", slow)
        places = [write(journal, [bytes(60)])[0] for _ in range(4)]
        released.set()
        journal.close()
    assert [place.segment for place in places] == [1, 2, 3, 4]
    assert payloads_in(tmp_path) == [bytes(60)] * 4


def test_a_failed_beginning_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: int) -> None:
        raise OSError(28, "no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fails)
        with pytest.raises(OSError, match="no space"):
            create_segment(tmp_path, 2)
    assert list(tmp_path.iterdir()) == []
    os.close(create_segment(tmp_path, 2))


def test_a_segment_that_cannot_be_prepared_is_made_when_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: Path) -> int:
        raise OSError(28, "no space left on device")

    journal = opened(tmp_path, "os", segment_bytes=100)
    with monkeypatch.context() as patch:
        patch.setattr(module, "prepare_segment", fails)
        write(journal, [bytes(60)])
        assert write(journal, [bytes(60)])[0].segment == 2
    journal.close()
    assert payloads_in(tmp_path) == [bytes(60)] * 2
