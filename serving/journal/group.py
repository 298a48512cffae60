"""Records that are written together, and those who wait for them."""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

from nba.errors import JournalError

Done = Callable[[int | JournalError], None]  # gets the record's offset in its segment, or why not


class Group(NamedTuple):
    """Payloads in the order of writing, and who waits for each."""

    payloads: list[bytes]
    done: list[Done]


def acknowledge(group: Group, offsets: Sequence[int]) -> None:
    """Tell each where its record lies, now that all are durable."""
    for done, offset in zip(group.done, offsets, strict=True):
        try:
            done(offset)
        except Exception as error:  # noqa: BLE001 it is no matter of the others in the group
            _tell(error)


def refuse(group: Group, error: BaseException) -> None:
    """Tell each that its record could not be written."""
    for done in group.done:
        try:
            done(JournalError(f"the journal cannot be written: {error}"))
        except Exception as failed:  # noqa: BLE001 it is no matter of the others in the group
            _tell(failed)


def _tell(error: Exception) -> None:
    told = {"message": "an answer could not be given", "exception": error}
    asyncio.get_running_loop().call_exception_handler(told)
