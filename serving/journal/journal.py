"""The journal: nothing is acknowledged before its record is durable, and many share one sync.

Group commit: records that arrive while the disk works are written together by the next write. A
disk that syncs within 2 ms is waited for where requests are read: what comes meanwhile is the next
group, and handing the work to a thread and back costs a sixth of the processor's time at 60 % load,
with latencies alike. A slower disk, and a new segment, are left to a thread of their own.
Sources: DeWitt et al. 1984 (group commit); Rebello et al. 2020 (after a failed fsync, stop).
"""

import asyncio
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from nba.errors import JournalError
from serving.journal.board import Board
from serving.journal.disk import Disk, sync_and_close
from serving.journal.entries import entries_of_all, holds, keys_of
from serving.journal.files import Files
from serving.journal.group import Done, Group, acknowledge, refuse
from serving.journal.keys import ENTRY
from serving.journal.opening import locked, recover
from serving.journal.peers import Peers
from serving.journal.records import BATCH
from serving.journal.segments import frames
from serving.journal.sidecar import begin, seal
from serving.journal.table import KeyTable, Place


class Location(NamedTuple):
    """Where a record lies."""

    segment: int
    offset: int
    journal: int = 0  # the own one; others are of other workers


class Journal:
    """Appends records to segments in a folder and reads them back; one process at a time.

    `durability`: "fsync" promises that an acknowledged record survives a power cut, "os" that it
    survives the death of this process. Workers that share a `root` have folders in it named by
    their numbers, and find each other's records.
    """

    def __init__(
        self,
        directory: Path,
        *,
        durability: str,
        segment_bytes: int,
        max_waiting: int,
        root: Path | None = None,
    ) -> None:
        """Opens or creates the folder; raises InputError if it is used or cannot be."""
        self.durability = durability
        self.notes: list[str] = []  # what was found damaged or torn, one line each
        self.broken = ""  # why nothing can be written any more; empty while all is well
        self.table = KeyTable()
        self._directory = directory
        self._segment_bytes = segment_bytes
        self._max_waiting = max_waiting
        self._waiting = Group([], [])
        self._waiting_rows = 0  # records, and the decisions of batches
        self._busy = False
        self._board: Board | None = None
        self._peers: Peers | None = None
        self._sidecar = -1  # where the entries go as they come, if other workers read them
        self._said = 0  # how many bytes of entries the others know
        self._lock = locked(directory)
        try:
            found = recover(directory, self.notes)
        except BaseException:
            os.close(self._lock)
            raise
        self._disk = Disk(directory, file=found.file, segment=found.segment, end=found.end)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._ahead: Future[None] | None = None  # the next segment is being prepared, or is
        folders = {0: directory}
        self._files = Files(folders)
        self._found = found.entries
        try:
            for number, entries in self._found.items():
                self.table.add(entries, segment=number)
            self._entries = bytearray(self._found.get(found.segment, b""))  # of this segment
            self._share(directory if root is None else root, root is not None, folders)
        except BaseException:
            self.close()
            raise

    @property
    def waiting(self) -> int:
        """How many records wait for the disk, each decision of a batch counted."""
        return self._waiting_rows

    @property
    def room(self) -> int:
        """How many records may be promised now before one is refused."""
        return 0 if self.broken else self._max_waiting - self._waiting_rows

    def append(self, payload: bytes, *, rows: int = 1) -> asyncio.Future[Location]:
        """Promise a record of so many rows: the future is done when it is durable, or fails."""
        future: asyncio.Future[Location] = asyncio.get_running_loop().create_future()

        def done(found: int | JournalError) -> None:
            if future.done():
                return
            if isinstance(found, JournalError):
                future.set_exception(found)
            else:
                future.set_result(self.location(found))

        self.write(payload, done, rows=rows)
        return future

    def write(self, payload: bytes, done: Done, *, rows: int = 1) -> None:
        """Promise a record without a future: `done` is called when it is durable, or failed."""
        if self.broken or self._waiting_rows >= self._max_waiting:
            done(JournalError(self.broken or "too many records wait for the disk"))
            return
        payloads, told = self._waiting
        if not payloads:
            asyncio.get_running_loop().call_soon(self._start)
        payloads.append(payload)
        told.append(done)
        self._waiting_rows += rows

    def location(self, offset: int) -> Location:
        """Where a record lies that has just been told to be at an offset."""
        return Location(self._disk.segment, offset)

    def read(self, location: Location) -> bytes:
        """The payload at a location; raises JournalError if the disk gives back something else."""
        place = Place(location.journal, location.segment, location.offset)
        found = self._files.read(place)
        if found is None:
            raise JournalError("the record has been expired")
        return found

    def find(self, decision_id: str) -> Iterator[tuple[Location, bytes]]:
        """Every durable record of an id, in any worker's journal, each one's in order."""
        if self._peers is not None:
            self._peers.follow()
        found = chain.from_iterable(map(self.table.find, keys_of(decision_id)))
        for place in dict.fromkeys(found):
            payload = self._files.read(place)
            if payload is not None and holds(payload, decision_id):
                yield Location(place.segment, place.offset, place.journal), payload

    def may_know(self, decision_id: str) -> bool:
        """Whether there may be a durable record of an id: `find` knows."""
        assert self._peers is not None
        self._peers.follow()
        key, *others = keys_of(decision_id)
        return self.table.has(key) or any(map(self.table.has, others))

    def perhaps(self, decision_ids: Sequence[str]) -> list[str]:
        """Those of some ids that may have a durable record: `find` knows."""
        if self._peers is not None:
            self._peers.follow()
        has = self.table.has
        return [name for name in decision_ids if any(map(has, keys_of(name)))]

    def new_facts(self) -> Iterable[bytes]:
        """What is newly known of employees and customers, in any worker's journal; each once."""
        assert self._peers is not None
        self._peers.follow()
        return self._facts() if self.table.facts else ()

    def _facts(self) -> Iterator[bytes]:
        while self.table.facts:
            places, self.table.facts = self.table.facts, []
            for place in places:
                payload = self._files.read(place)
                if payload is not None:
                    yield payload

    def recovered(self, kinds: bytes = b"") -> Iterator[tuple[Location, bytes]]:
        """The records found on opening, of these kinds or all, in the order of writing; once."""
        for segment in sorted(self._found):
            for _, offset, kind in ENTRY.iter_unpack(self._found.pop(segment)):
                wanted = not kinds or kind & 0xFF in kinds
                if wanted and kind != BATCH:  # a batch's first entry has its rows in the kind
                    location = Location(segment, offset)
                    yield location, self.read(location)

    def close(self) -> None:
        """Sync what is written and let the folder go; call it when no append is under way."""
        self._thread.shutdown(wait=True)
        self._disk.close()
        for file in (self._sidecar, self._lock):
            if file >= 0:
                os.close(file)
        for part in (self._files, self._peers, self._board):
            if part is not None:
                part.close()

    def _share(self, root: Path, shared: bool, folders: dict[int, Path]) -> None:
        """Meet the journals of other workers; show them the own one if it is one of several."""
        own = int(self._directory.name) if shared else None
        self._board = Board(root, own)
        self._peers = Peers(
            root, self._directory, table=self.table, board=self._board, folders=folders
        )
        if shared:
            self._sidecar = begin(self._directory, self._disk.segment, bytes(self._entries))
            self._said = len(self._entries)
            self._board.say(self._disk.segment, self._said)

    def _start(self) -> None:
        """Write everything that waits; on the journal's own thread what takes its time to sync."""
        if self._busy or not self._waiting.payloads:
            return
        group, self._waiting, self._waiting_rows = self._waiting, Group([], []), 0
        try:
            data = frames(group.payloads)
        except Exception as error:  # noqa: BLE001 whatever it is, none of them is left waiting
            refuse(group, error)
            return
        rotates = self._disk.full(len(data), self._segment_bytes)
        if self.durability == "os" or (self._disk.quick and not rotates):
            try:
                start = self._write(data)
            except Exception as error:  # noqa: BLE001 the same
                refuse(group, error)
            else:
                self._acknowledge(group, start)
            return
        self._busy = True
        loop = asyncio.get_running_loop()
        written = loop.run_in_executor(self._thread, self._write, data)
        written.add_done_callback(partial(self._finish, group))

    def _finish(self, group: Group, written: asyncio.Future[int]) -> None:
        self._busy = False
        error = written.exception()
        if error is None:
            self._acknowledge(group, written.result())
        else:
            refuse(group, error)
        self._start()

    def _acknowledge(self, group: Group, start: int) -> None:
        """Make the records findable, here and for the other workers, and then say so."""
        new, offsets = entries_of_all(group.payloads, start)
        self.table.add(new, segment=self._disk.segment)
        self._entries += new
        if self._sidecar >= 0:
            self._tell()
        acknowledge(group, offsets)
        if self._ahead is None and self._disk.half_full(self._segment_bytes):
            self._ahead = self._thread.submit(self._disk.prepare)

    def _tell(self) -> None:
        """Tell the others; what a full disk keeps from them is told with the next batch."""
        assert self._board is not None
        try:
            self._said += os.pwrite(self._sidecar, self._entries[self._said :], self._said)
        except OSError:
            return
        self._board.say(self._disk.segment, self._said)

    def _write(self, data: bytes) -> int:
        """Where the data were written, as durable as promised; an error promises nothing."""
        if self._disk.full(len(data), self._segment_bytes):
            self._rotate()
        start = self._disk.write(data)
        if self.durability == "fsync":
            try:
                self._disk.sync()
            except OSError as error:
                # The kernel may have dropped the pages: what later syncs say of them is worthless.
                self.broken = f"a sync of the journal failed ({error.strerror}); restart the server"
                raise
        return start

    def _rotate(self) -> None:
        """Go on in a new segment; the old one's entries are sealed beside it."""
        number, entries = self._disk.segment, bytes(self._entries)
        if self._ahead is not None and self._ahead.done():
            self._ahead = None  # it is ready, or could not be made; what is under way is for later
        old = self._disk.next()
        self._entries, self._said = bytearray(), 0
        self._thread.submit(sync_and_close, old)  # may take long
        seal(self._directory, number, entries)
        if self._sidecar >= 0:
            os.close(self._sidecar)
            self._sidecar = begin(self._directory, self._disk.segment, b"")
