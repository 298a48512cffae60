"""The table finds every record of a key, and only records of keys that look the same."""

import tracemalloc

from serving.journal.keys import ENTRY, key_of
from serving.journal.table import KeyTable, Place


def entry(name: str, offset: int) -> bytes:
    return ENTRY.pack(key_of(name.encode()), offset, ord("d"))


def test_every_record_of_an_id_is_found_in_the_order_of_writing() -> None:
    table = KeyTable()
    for number in range(3000):
        table.add(entry(f"d-{number}", number), segment=70_000 + number % 3, journal=number % 5)
        table.add(entry(f"d-{number}", 2**32 - 1 - number), segment=80_000)
    for number in range(3000):
        assert list(table.find(key_of(f"d-{number}".encode()))) == [
            Place(number % 5, 70_000 + number % 3, number),
            Place(0, 80_000, 2**32 - 1 - number),
        ]
    assert list(table.find(key_of(b"another"))) == []
    assert table.decisions == 6000


def test_bytes_that_look_like_a_key_across_two_rows_are_not_taken_for_one() -> None:
    """All rows of one partition, with offsets that repeat the searched key's bytes."""
    table = KeyTable()
    key = b"\x01\x02" + b"ABCDEF"
    for number in range(50):
        shifted = b"\x01\x02" + b"xx" + b"ABCD"
        table.add(ENTRY.pack(shifted, int.from_bytes(b"EFAB", "little"), ord("o")), segment=number)
    table.add(ENTRY.pack(key, 7, ord("o")), segment=3)
    assert list(table.find(key)) == [Place(0, 3, 7)]


def test_it_takes_few_bytes_a_record() -> None:
    n = 200_000
    entries = b"".join([entry(f"customer-{number}-decision", number) for number in range(n)])
    tracemalloc.start()
    table = KeyTable()
    table.add(entries, segment=1)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert table.decisions == n
    assert taken / n < 60
