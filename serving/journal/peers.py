"""The journals of the other workers: read once at the start, then followed by their entries.

A worker that died is followed to where it stopped; when it opens its journal again, its line on
the board says so, and its last segment is read anew.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from serving.journal.board import Board, Line
from serving.journal.segments import journal_folders, segment_numbers
from serving.journal.sidecar import entries_in, growing_entries, sealed_entries, sidecar_path
from serving.journal.table import KeyTable

_NOBODY: Final = Line(0, 0, 0)


@dataclass(slots=True)
class Peer:
    """One other journal, and how far its entries are in the table."""

    folder: Path
    number: int  # in places of the table
    said: Line = _NOBODY  # on the board, when it was followed last
    segment: int = 0  # all before it is known
    entry_bytes: int = 0  # and these of its own
    file: int = -1  # the growing segment's entries


class Peers:
    """Keeps a table up to date with what other workers have promised."""

    def __init__(
        self, root: Path, own: Path, *, table: KeyTable, board: Board, folders: dict[int, Path]
    ) -> None:
        """Reads the journals that are there; `folders` gets each one's number."""
        self._root, self._own, self._table, self._board = root, own, table, board
        self._folders = folders
        self._peers: dict[str, Peer] = {}
        lines = board.news()
        for name, folder in journal_folders(root).items():
            if folder != own:
                worker = int(name) if name.isdecimal() else -1
                self._catch_up(self._met(name), lines.get(worker, _NOBODY))

    def follow(self) -> None:
        """Take in what the others have promised since; cheap if that is nothing."""
        for worker, line in self._board.news().items():
            peer = self._peers.get(str(worker))
            if peer is None and self._root / str(worker) != self._own:
                peer = self._met(str(worker))
            if peer is not None and peer.said != line:
                self._catch_up(peer, line)

    def close(self) -> None:
        """Close the files that are followed."""
        for peer in self._peers.values():
            _let_go(peer)

    def _met(self, name: str) -> Peer:
        number = len(self._peers) + 1
        self._peers[name] = Peer(self._root / name, number)
        self._folders[number] = self._root / name
        return self._peers[name]

    def _catch_up(self, peer: Peer, line: Line) -> None:
        if peer.said.opening != line.opening:
            peer.entry_bytes = 0  # its last segment may have been cut
            _let_go(peer)
        if peer.segment < line.segment or not line.segment:
            self._closed(peer, line)
        if line.segment:
            self._growing(peer, line)
        peer.said = line

    def _closed(self, peer: Peer, line: Line) -> None:
        """Take in whole segments, up to the one that still grows."""
        for number in segment_numbers(peer.folder):
            if number < peer.segment or number >= (line.segment or number + 1):
                continue
            if number > peer.segment:
                peer.segment, peer.entry_bytes = number, 0
            entries = sealed_entries(peer.folder, number)
            if entries is None:
                entries = entries_in(peer.folder, number)
            self._add(peer, entries[peer.entry_bytes :])

    def _growing(self, peer: Peer, line: Line) -> None:
        """Take in the entries of the segment that still grows, as far as they are promised."""
        if peer.segment != line.segment:
            peer.segment, peer.entry_bytes = line.segment, 0
            _let_go(peer)
        if line.entry_bytes < peer.entry_bytes:
            return  # it is opening its journal anew: its line's other word follows at once
        new = self._read(peer, line)
        if len(new) < line.entry_bytes - peer.entry_bytes:
            # A power cut took the file, and its worker has not opened its journal again yet.
            new = entries_in(peer.folder, line.segment)[peer.entry_bytes :]
        self._add(peer, new)

    def _read(self, peer: Peer, line: Line) -> bytes:
        """What the growing segment's file has gained; nothing if there is no file."""
        if peer.file < 0:
            path = sidecar_path(peer.folder, line.segment)
            try:
                peer.file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                return b""
        wanted = line.entry_bytes - peer.entry_bytes
        return growing_entries(os.pread(peer.file, wanted, peer.entry_bytes))

    def _add(self, peer: Peer, entries: bytes) -> None:
        self._table.add(entries, segment=peer.segment, journal=peer.number)
        peer.entry_bytes += len(entries)


def _let_go(peer: Peer) -> None:
    if peer.file >= 0:
        os.close(peer.file)
        peer.file = -1
