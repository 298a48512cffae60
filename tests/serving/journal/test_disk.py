"""A write is whole or not there; a sync tells whether the disk is quick; a full segment is left."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.journal import disk as module
from serving.journal.disk import Disk
from serving.journal.segments import MAGIC, create_segment, segment_path


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
