"""One customer's records are overwritten where they lie; all others keep every byte and place.

What will be overwritten is first written down, as places only, so that a crash at any step is
made good by the next opening. In each record's place stays a tombstone of the same length: a keyed
hash of the customer and the time, nothing that leads back to either without the key.
"""

import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from nba.errors import LogError
from nba.listen.whole_file import whole_file
from serving.journal.batch_rows import row_ids, rows_of_unit, without
from serving.journal.keys import id_of
from serving.journal.records import (
    ACTIVATION,
    BATCH,
    DECISION,
    DELETION,
    OUTCOME,
    BatchRecord,
    DeletionRecord,
    decode_record,
    encode_record,
    kind_of,
)
from serving.journal.segments import (
    HEADER_BYTES,
    frame,
    journal_folders,
    read_segment,
    records_from,
    segment_numbers,
    segment_path,
)
from serving.journal.sidecar import entries_in, seal, sealed_entries

PLAN: Final = "forgetting.json"
KEY: Final = "forget.key"
FORGOTTEN: Final = "forgotten.txt"  # the hash of each customer, for servers that are running


class _Target(Struct, array_like=True):
    folder: str
    segment: int
    offset: int
    length: int  # of the payload
    rows: list[int] = []  # of a batch, whose others stay


class _Plan(Struct):
    tombstone: DeletionRecord
    targets: list[_Target]


class _Decided(Struct, array_like=True, tag="d"):
    """The first fields of a DecisionRecord."""

    decision_id: str
    at: float
    unit: str


@dataclass(frozen=True, slots=True)
class ForgetReport:
    """What was overwritten."""

    decisions: int
    outcomes: int
    others: int


_DECIDED: Final = msgspec.msgpack.Decoder(_Decided)


def forget(journal: Path, customer_id: str, *, now: float) -> ForgetReport:
    """Overwrite all that a journal holds of a customer; a server may be running.

    It lets go of what it has in memory within seconds. What is written while this runs is not
    seen: forget again to be sure. Raises LogError if there is no journal.
    """
    if not journal_folders(journal):
        raise LogError(f"{journal} holds no journal; give the folder that `nba serve` wrote")
    finish(journal)
    targets, kinds = _targets(journal, customer_id)
    if targets:
        tombstone = DeletionRecord(hashed(journal, customer_id), now)
        with whole_file(journal / PLAN) as file:
            file.write(msgspec.json.encode(_Plan(tombstone, targets)))
        finish(journal)
    with (journal / FORGOTTEN).open("ab") as told:
        told.write(f"{hashed(journal, customer_id)}\n".encode())
    decisions, outcomes = kinds.count(DECISION), kinds.count(OUTCOME)
    return ForgetReport(decisions, outcomes, len(kinds) - decisions - outcomes)


def finish(journal: Path) -> None:
    """Carry out a plan that is written down; nothing if there is none."""
    path = journal / PLAN
    if not path.exists():
        return
    plan = msgspec.json.decode(path.read_bytes(), type=_Plan)
    for name, number in dict.fromkeys((t.folder, t.segment) for t in plan.targets):
        mine = [t for t in plan.targets if (t.folder, t.segment) == (name, number)]
        _overwrite(journal / name, number, mine, plan.tombstone)
    path.unlink()


def hashed(journal: Path, customer_id: str) -> str:
    """The customer's hash under the journal's own key, which is made when it is first needed."""
    path = journal / KEY
    if not path.exists():
        with whole_file(path) as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(secrets.token_bytes(32))
    return hasher(journal)(customer_id)


def hasher(journal: Path) -> Callable[[str], str]:
    """What `hashed` gives for each customer, of a journal that has a key."""
    key = (journal / KEY).read_bytes()
    return lambda name: hashlib.blake2b(name.encode(), key=key, digest_size=8).hexdigest()


def filled(tombstone: DeletionRecord, length: int) -> bytes:
    """The tombstone's payload with exactly this length.

    >>> len(filled(DeletionRecord("hash", 1.0), 500))
    500
    """
    for customer in (tombstone.customer, ""):  # a very short record has no room for a hash
        bare = DeletionRecord(customer, tombstone.at)
        for extra in range(3):  # the headers of the filling grow in jumps
            parts = (b"",) * extra
            for header in range(extra + 1, extra + 6):
                size = length - len(msgspec.msgpack.encode(bare)) - header
                found = msgspec.structs.replace(bare, filling=(*parts, bytes(max(0, size))))
                payload = msgspec.msgpack.encode(found)
                if len(payload) == length:
                    return payload
    raise AssertionError(f"a record of {length} bytes is shorter than any that is written")


def _targets(journal: Path, customer_id: str) -> tuple[list[_Target], list[int]]:
    """The places of a customer's records, and their kinds."""
    ids: set[bytes] = set()
    for _, _, payload in _records(journal):
        if kind_of(payload) == DECISION and _DECIDED.decode(payload).unit == customer_id:
            ids.add(id_of(payload))
        elif kind_of(payload) == BATCH:
            record, rows = _batch_rows(payload, customer_id)
            names = row_ids(record) if rows else []
            ids.update(names[row].encode() for row in rows)
    quoted = msgspec.json.encode(customer_id)
    targets, kinds = [], []
    for (name, number), offset, payload in _records(journal):
        kind = kind_of(payload)
        if kind == BATCH:
            rows = _batch_rows(payload, customer_id)[1]
            if rows:
                targets.append(_Target(name, number, offset, len(payload), rows))
                kinds += [DECISION] * len(rows)
            continue
        mine = id_of(payload) in ids
        if not mine and kind not in (DECISION, OUTCOME, ACTIVATION, DELETION):
            mine = _names(payload, customer_id, quoted)
        if mine:
            targets.append(_Target(name, number, offset, len(payload)))
            kinds.append(kind)
    return targets, kinds


def _batch_rows(payload: bytes | memoryview, customer_id: str) -> tuple[BatchRecord, list[int]]:
    record = decode_record(payload)
    assert isinstance(record, BatchRecord)
    return record, rows_of_unit(record, customer_id)


def _names(payload: memoryview, customer_id: str, quoted: bytes) -> bool:
    """Whether a record of any kind has the customer as a field, or in a field of JSON."""
    fields = msgspec.msgpack.decode(payload)
    raw = [field for field in fields if isinstance(field, bytes)]
    return customer_id in fields[1:] or any(quoted in field for field in raw)


def _records(journal: Path) -> Iterator[tuple[tuple[str, int], int, memoryview]]:
    for name, folder in journal_folders(journal).items():
        for number in segment_numbers(folder):
            data = read_segment(segment_path(folder, number))
            for offset, payload in records_from(data):
                yield (name, number), offset, payload


def _overwrite(
    folder: Path, number: int, targets: list[_Target], tombstone: DeletionRecord
) -> None:
    try:
        file = os.open(segment_path(folder, number), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:  # expired meanwhile
        return
    was_sealed = sealed_entries(folder, number) is not None
    try:
        for target in targets:
            if target.rows:
                # Of any mixture of old and new bytes, which a crash may have left, comes the new.
                old = os.pread(file, target.length, target.offset + HEADER_BYTES)
                torn = decode_record(old)
                assert isinstance(torn, BatchRecord)
                record = frame(encode_record(without(torn, target.rows)))
            else:
                record = frame(filled(tombstone, target.length))
            if os.pwrite(file, record, target.offset) != len(record):
                raise OSError("a write over an old record was cut short; forget again")
        os.fsync(file)
    finally:
        os.close(file)
    if was_sealed:
        seal(folder, number, entries_in(folder, number))
