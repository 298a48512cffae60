"""Old segments go: whole ones, closed, whose every record is older than a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from nba.errors import LogError
from serving.journal.records import BATCH, DECISION, OUTCOME, kind_of
from serving.journal.segments import (
    journal_folders,
    read_segment,
    records_from,
    segment_numbers,
    segment_path,
)
from serving.journal.sidecar import sidecar_path

_FORGETTABLE: Final = frozenset(b"dboavex")  # the others build up state that a start needs


class _Timed(Struct, array_like=True):
    tag: str
    decision_id: str
    at: float


_TIMED: Final = msgspec.msgpack.Decoder(_Timed)


@dataclass(frozen=True, slots=True)
class ExpireReport:
    """Which segments went, and why others that are old enough stayed."""

    removed: int
    bytes_freed: int
    not_compacted: int
    with_state: int  # they hold employees, plans or other facts that outlive decisions


def expire(
    journal: Path, *, before: float, compacted: Mapping[str, int] | None = None
) -> ExpireReport:
    """Remove segments without a record since `before`, in seconds since the epoch.

    With `compacted` (folder → first segment that is not read to its end) only what lies in a log
    already goes. A server may be running: what it is asked about an expired decision it answers
    as it does for an unknown one. Raises LogError if there is no journal.
    """
    folders = journal_folders(journal)
    if not folders:
        raise LogError(f"{journal} holds no journal; give the folder that `nba serve` wrote")
    removed = freed = not_compacted = with_state = 0
    for name, folder in folders.items():
        for number in segment_numbers(folder)[:-1]:
            newest, lasting = _newest(folder, number)
            if newest >= before:
                continue
            if compacted is not None and number >= compacted.get(name, 0):
                not_compacted += 1
            elif lasting:
                with_state += 1
            else:
                path = segment_path(folder, number)
                freed += path.stat().st_size
                # The segment first: an entries' file alone is harmless, and removed by the next.
                path.unlink()
                removed += 1
        _sweep(folder)
    return ExpireReport(removed, freed, not_compacted, with_state)


def _newest(folder: Path, number: int) -> tuple[float, bool]:
    """The latest time of a segment's decisions and outcomes, and whether it holds other facts."""
    path = segment_path(folder, number)
    newest, lasting = float("-inf"), False
    for _, payload in records_from(read_segment(path)):
        kind = kind_of(payload)
        lasting = lasting or kind not in _FORGETTABLE
        if kind in (DECISION, BATCH, OUTCOME):
            newest = max(newest, _TIMED.decode(payload).at)
    return (path.stat().st_mtime if newest == float("-inf") else newest), lasting


def _sweep(folder: Path) -> None:
    """Remove files of entries whose segment is gone."""
    numbers = set(segment_numbers(folder))
    for path in folder.glob("*.index"):
        if path.stem.isdecimal() and int(path.stem) not in numbers:
            sidecar_path(folder, int(path.stem)).unlink(missing_ok=True)
