"""What is compiled for the journal gives the bytes that the plain Python gives."""

import zlib

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nba.compiled import compiled
from serving.journal.entries import entries_plainly
from serving.journal.keys import key_plainly
from serving.journal.segments import frames_plainly, scan
from serving.journal.table import FACTS, KeyTable, add_plainly
from tests.serving.journal.test_records import RECORD

group = compiled("serving.journal._group")
pytestmark = pytest.mark.skipif(group is None, reason="serving.journal._group was not built")
PAYLOADS = st.lists(
    st.one_of(
        st.builds(
            lambda tag, name, rest: msgspec.msgpack.encode([tag, name, *rest]),
            st.sampled_from("dovrepxa"),
            st.text(max_size=300),
            st.lists(st.integers(0, 2**32), min_size=2, max_size=30),
        ),
        st.binary(min_size=6, max_size=200).filter(lambda raw: ord("b") not in (raw[2], raw[4])),
    ),
    max_size=8,
)


def test_the_checksum_is_that_of_zlib_at_every_length() -> None:
    assert group is not None
    data = np.random.default_rng(1).bytes(5000)
    for length in [*range(400), 1023, 4096, 5000]:
        part = data[5000 - length :]
        for begun in (0, length, 2**32 - 1):
            assert group.checksum(part, begun) == zlib.crc32(part, begun), length


@given(st.binary(max_size=300))
def test_keys_are_the_same(name: bytes) -> None:
    assert group is not None
    assert group.key_of(name) == key_plainly(name)


@given(PAYLOADS)
def test_records_are_the_same(payloads: list[bytes]) -> None:
    assert group is not None
    data = group.frames(payloads)
    assert data == frames_plainly(payloads)
    assert [length for _, length in scan(data, 0).records] == list(map(len, payloads))


@given(PAYLOADS, st.integers(0, 2**31))
def test_entries_are_the_same(payloads: list[bytes], start: int) -> None:
    assert group is not None
    assert group.entries_of_all(payloads, start) == entries_plainly(payloads, start)


@pytest.mark.parametrize(
    "odd", [b"", b"\x95\xa1d", b"\x93\xa1b\xa3abc\x01\x02", b"\xdc\0\x11\xa1d"]
)
def test_batches_and_what_is_no_record_are_left_to_python(odd: bytes) -> None:
    assert group is not None
    whole = msgspec.msgpack.encode(RECORD)
    assert group.entries_of_all([whole], 8) == entries_plainly([whole], 8)
    assert group.entries_of_all([whole, odd], 8) is None


def test_a_name_that_is_cut_off_is_read_as_far_as_it_goes() -> None:
    assert group is not None
    for payload in (b"\x92\xa1d\xbfabcdef", b"\x92\xa1d\xd9\xffabcdef", b"\x92\xa1d\xd9\0abcdef"):
        assert group.entries_of_all([payload], 8) == entries_plainly([payload], 8)


@given(
    st.lists(
        st.tuples(
            st.binary(min_size=12, max_size=12),
            st.sampled_from([*b"dob", *FACTS]),
            st.integers(0, 2**16 - 1),
        ),
        max_size=30,
    ),
    st.integers(0, 2**24 - 1),
    st.integers(0, 255),
)
def test_the_table_grows_alike(
    drawn: list[tuple[bytes, int, int]], segment: int, journal: int
) -> None:
    assert group is not None
    entries = b"".join(
        [
            b"\0\1"[number % 2 :][:1]
            + raw[1:]
            + bytes([kind])
            + number.to_bytes(2, "little")
            + b"\0"
            for raw, kind, number in drawn
        ]
    )
    where = segment.to_bytes(3, "little") + bytes([journal])
    mine: list[bytearray | None] = [None] * 65_536
    theirs: list[bytearray | None] = [None] * 65_536
    assert group.add_rows(mine, entries, where) == add_plainly(theirs, entries, where)
    assert mine == theirs


def test_facts_are_where_the_entries_say() -> None:
    table = KeyTable()
    table.add(b"12345678" + (2**31 + 7).to_bytes(4, "little") + b"e\0\0\0", segment=3, journal=2)
    assert [(fact.journal, fact.segment, fact.offset) for fact in table.facts] == [
        (2, 3, 2**31 + 7)
    ]
