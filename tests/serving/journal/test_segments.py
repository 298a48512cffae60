"""Reading a damaged segment: whole records are found, nothing else is taken for one."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nba.errors import InputError
from serving.journal.segments import (
    HEADER_BYTES,
    MAGIC,
    create_segment,
    frame,
    payload_at,
    read_segment,
    scan,
    segment_numbers,
    segment_path,
)

PAYLOADS = [bytes([i]) * (5 + 3 * i) for i in range(8)]
DATA = MAGIC + b"".join(frame(payload) for payload in PAYLOADS)


def found(data: bytes) -> list[bytes]:
    return [
        data[offset + HEADER_BYTES : offset + HEADER_BYTES + length]
        for offset, length in scan(data).records
    ]


def test_everything_written_is_found() -> None:
    assert found(DATA) == PAYLOADS
    assert scan(DATA).end == len(DATA)
    assert scan(DATA).gaps == ()


def test_a_truncation_at_any_byte_leaves_the_whole_records() -> None:
    ends = np.cumsum([len(MAGIC)] + [HEADER_BYTES + len(p) for p in PAYLOADS])
    for length in range(len(MAGIC), len(DATA)):
        whole = int((ends[1:] <= length).sum())
        result = scan(DATA[:length])
        assert found(DATA[:length]) == PAYLOADS[:whole]
        assert result.end == ends[whole]
        assert result.gaps == ()


@settings(max_examples=300, deadline=None)
@given(place=st.integers(len(MAGIC), len(DATA) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_costs_one_record_and_is_told(place: int, bit: int) -> None:
    data = bytearray(DATA)
    data[place] ^= 1 << bit
    ends = np.cumsum([len(MAGIC)] + [HEADER_BYTES + len(p) for p in PAYLOADS])
    hit = int((ends[1:] <= place).sum())
    assert found(bytes(data)) == PAYLOADS[:hit] + PAYLOADS[hit + 1 :]
    result = scan(bytes(data))
    if hit == len(PAYLOADS) - 1:
        assert (result.end, result.gaps) == (ends[hit], ())
    else:
        assert (result.end, result.gaps) == (len(DATA), ((ends[hit], ends[hit + 1]),))


@settings(max_examples=200, deadline=None)
@given(tail=st.binary(max_size=200))
def test_rubbish_at_the_end_is_no_record(tail: bytes) -> None:
    assert found(DATA + tail) == PAYLOADS
    assert scan(DATA + tail).end == len(DATA)


def test_zeros_at_the_end_are_no_record() -> None:
    assert found(DATA + bytes(4096)) == PAYLOADS


@given(payload=st.binary(max_size=300))
def test_a_frame_gives_back_its_payload(payload: bytes) -> None:
    view = payload_at(b"xx" + frame(payload), 2)
    assert view is not None
    assert bytes(view) == payload


def test_segments_are_numbered_and_sort(tmp_path: Path) -> None:
    for number in (2, 10, 1):
        os.close(create_segment(tmp_path, number))
    (tmp_path / "notes.txt").write_text("not one")
    assert segment_numbers(tmp_path) == [1, 2, 10]
    assert read_segment(segment_path(tmp_path, 10)) == MAGIC


def test_a_file_of_another_format_is_refused_by_name(tmp_path: Path) -> None:
    path = segment_path(tmp_path, 1)
    path.write_bytes(b"NBAJRNL2" + bytes(20))
    with pytest.raises(InputError, match=r"00000001\.journal does not begin with NBAJRNL1"):
        read_segment(path)


def test_a_file_cut_right_after_its_creation_is_empty(tmp_path: Path) -> None:
    path = segment_path(tmp_path, 1)
    for length in range(len(MAGIC)):
        path.write_bytes(MAGIC[:length])
        assert read_segment(path) == b""
