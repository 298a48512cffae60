"""A segment's file of entries is believed when its seal is right, and made again when it is not."""

from pathlib import Path

from serving.journal.segments import segment_path
from serving.journal.sidecar import entries_in, growing_entries, sealed_entries, sidecar_path
from tests.serving.journal.test_journal import opened, payloads_in, write

PAYLOADS = [f"record {i} ".encode() * 9 for i in range(20)]


def rotated(folder: Path) -> Path:
    journal = opened(folder, segment_bytes=600)
    for payload in PAYLOADS:
        write(journal, [payload])
    journal.close()
    return folder


def test_a_closed_segments_file_has_what_the_segment_has(tmp_path: Path) -> None:
    rotated(tmp_path)
    numbers = range(1, len(list(tmp_path.glob("*.journal"))))
    assert len(numbers) > 2
    for number in numbers:
        assert sealed_entries(tmp_path, number) == entries_in(tmp_path, number)
    assert not sidecar_path(tmp_path, len(numbers) + 1).exists()


def test_any_changed_byte_of_it_or_of_the_segments_size_breaks_the_seal(tmp_path: Path) -> None:
    path = sidecar_path(rotated(tmp_path), 1)
    data = path.read_bytes()
    for place in range(len(data)):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        assert sealed_entries(tmp_path, 1) is None
        path.write_bytes(data[:place])
        assert sealed_entries(tmp_path, 1) is None
    path.write_bytes(data)
    assert sealed_entries(tmp_path, 1) is not None
    with segment_path(tmp_path, 1).open("ab") as segment:
        segment.write(b"x")
    assert sealed_entries(tmp_path, 1) is None


def test_opening_makes_absent_and_broken_ones_again(tmp_path: Path) -> None:
    rotated(tmp_path)
    sidecar_path(tmp_path, 1).unlink()
    sidecar_path(tmp_path, 2).write_bytes(b"broken")
    assert payloads_in(tmp_path) == PAYLOADS
    assert sealed_entries(tmp_path, 1) == entries_in(tmp_path, 1)
    assert sealed_entries(tmp_path, 2) == entries_in(tmp_path, 2)


def test_a_file_that_grows_is_read_in_whole_entries_without_its_seal(tmp_path: Path) -> None:
    entries = entries_in(rotated(tmp_path), 1)
    sealed = sidecar_path(tmp_path, 1).read_bytes()
    assert growing_entries(sealed) == entries
    assert growing_entries(entries) == entries
    assert growing_entries(entries[:-3]) == entries[:-16]
