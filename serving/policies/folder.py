"""The store folder on disk: a verified file per policy version, the plan changed under a lock."""

import fcntl
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from nba.errors import InputError, PolicyFileError, RequestError
from serving.policies.plan import Plan, read_plan, write_plan
from serving.policies.served import Served, load_served
from serving.policies.store import SUFFIX

_NUMBERS: Final = itertools.count()


def open_folder(folder: Path) -> None:
    """Create the folder if need be; raises InputError if it cannot be used."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"policy store {folder} cannot be used ({error.strerror}); "
            "give a writable folder with --store"
        ) from error


def keep_policy(folder: Path, raw: bytes, *, occupancy_cap: float, source: str) -> Served:
    """Verify a policy file's bytes and keep them under their version; a bad one leaves no trace.

    Raises PolicyFileError saying what is wrong with the file from `source`.
    """
    temporary = folder / f".incoming-{os.getpid()}-{next(_NUMBERS)}"
    try:
        with temporary.open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        served = load_served(temporary, occupancy_cap=occupancy_cap)
        temporary.replace(folder / f"{served.loaded.policy.version}{SUFFIX}")
    except PolicyFileError as error:
        told = str(error).removeprefix(f"policy file {temporary} ")
        raise PolicyFileError(f"policy file {source} {told}") from error
    except OSError as error:
        raise InputError(f"policy store {folder} cannot be written ({error.strerror})") from error
    finally:
        temporary.unlink(missing_ok=True)
    return served


def file_in(folder: Path, name: str) -> bytes:
    """The bytes of a file that lies in the store folder itself; nothing outside it is read."""
    if name != Path(name).name or name.startswith(".") or "\0" in name:
        message = f"{name[:128]!r} is no plain file name"
        raise RequestError(422, "file", message, "name a file in the store folder, or send it")
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        message = f"{name[:128]!r} cannot be read from the store ({error.strerror})"
        raise RequestError(422, "file", message, "copy it there, or send its bytes") from error


def change_plan(folder: Path, change: Callable[[Plan], Plan]) -> Plan:
    """Change the plan in one piece, whoever else wants to at the same time; the new one."""
    with _locked(folder):
        plan = change(read_plan(folder))
        write_plan(folder, plan)
        return plan


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
