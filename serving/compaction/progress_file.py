"""How far a log folder has read its journal: one file, replaced whole after every step."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from nba.errors import InputError
from nba.listen.whole_file import whole_file

FILE: Final = "compaction.json"
_FORMAT: Final = "nba-compaction 1"

Place = tuple[int, int]  # segment, offset: all before it is read
Places = dict[str, Place]  # journal folder → place


class Part(Struct):
    """A part file of the log, and the time that its decisions span."""

    spec: str  # version
    first_at: float
    last_at: float
    rows: int
    without_reward: int


class Waiting(Struct):
    """An outcome that cannot be joined yet: its decision is not read, or its time has not come."""

    decision_id: str
    component: str
    value: float
    at: float
    read_in: int  # the round that read it


class Overruled(Struct):
    """A decision that a person overruled, and that is not read yet."""

    decision_id: str
    decided_at: float
    read_in: int  # the round that read the override


class Progress(Struct):
    """What is compacted; `until` is set while a step is under way, `goal` while a round is."""

    window_s: dict[str, float]  # how long one waits for a component; "" is for all others
    defaults: dict[str, float]  # of components that did not come back in time
    format: str = _FORMAT
    step: int = 0
    round: int = 0
    done: Places = {}
    goal: Places | None = None
    until: Places | None = None
    first_spec: str = ""  # its parts lie in the folder itself, those of others in folders below
    objectives: dict[str, dict[str, float]] = {}  # spec version → EUR per unit
    parts: dict[str, Part] = {}  # path inside the folder → part
    waiting: list[Waiting] = []
    overruled: list[Overruled] = []

    def folder_of(self, spec: str) -> str:
        """Where the parts of a spec version lie, from the log's folder."""
        return "" if spec == self.first_spec else f"spec-{spec}"


def load_progress(out: Path) -> Progress | None:
    """What the folder's file says, None if there is none; raises InputError if it is damaged."""
    try:
        raw = (out / FILE).read_bytes()
    except FileNotFoundError:
        return None
    try:
        found = msgspec.json.decode(raw, type=Progress)
    except msgspec.MsgspecError as error:
        raise InputError(
            f"{out / FILE} is damaged ({error}); compact the journal into a new folder"
        ) from error
    if found.format != _FORMAT:
        raise InputError(f"{out / FILE} has format {found.format!r}; {_FORMAT!r} is needed")
    return found


def save_progress(out: Path, progress: Progress) -> None:
    """Replace the folder's file, on disk when this returns."""
    with whole_file(out / FILE) as file:
        file.write(msgspec.json.encode(progress))


@contextmanager
def only_one(out: Path) -> Iterator[None]:
    """Keeps a second compaction out of the folder, which is made if absent."""
    out.mkdir(parents=True, exist_ok=True)
    lock = os.open(out / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise InputError(f"another command works on {out}; wait until it has ended") from error
    finally:
        os.close(lock)
