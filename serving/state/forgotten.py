"""Customers that are forgotten while the server runs: their profiles go out of memory too.

`nba journal forget` leaves a line with the customer's keyed hash; a worker that finds a new line
looks through its profiles, some of them on every beat, so that no answer waits for it.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from serving.journal.forget import FORGOTTEN, hasher
from serving.state.customers import Customers

_AT_ONCE: Final = 2_000  # profiles of one beat, about two milliseconds


class Forgotten:
    """Follows what is forgotten in a journal, from now on: what was before is not in memory."""

    def __init__(self, journal: Path, customers: Customers) -> None:
        self._journal = journal
        self._customers = customers
        self._read = self._size()
        self._wanted: set[str] = set()
        self._left: Iterator[str] = iter(())
        self._hash: Callable[[str], str] | None = None

    def beat(self) -> None:
        """Go on; costs a look at a file's size while there is nothing to forget."""
        size = self._size()
        if size > self._read:
            self._wanted |= self._new_lines()
            # A key is made with the first line and stays.
            self._hash = hasher(self._journal)
            self._left = iter(self._customers.names())
        if self._hash is None:
            return
        for number, name in enumerate(islice(self._left, _AT_ONCE), start=1):
            if self._hash(name) in self._wanted:
                self._customers.drop(name)
            if number == _AT_ONCE:
                return
        self._wanted, self._hash = set(), None

    def _new_lines(self) -> set[str]:
        with (self._journal / FORGOTTEN).open("rb") as file:
            file.seek(self._read)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]  # the last line may be on its way
        self._read += len(whole)
        return set(whole.decode().split())

    def _size(self) -> int:
        try:
            return (self._journal / FORGOTTEN).stat().st_size
        except FileNotFoundError:
            return 0
