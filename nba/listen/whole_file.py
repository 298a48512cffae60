"""A file that appears whole or not at all, also when its writer is killed or the disk is full."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from nba.errors import LogError

_UNFINISHED = ".unfinished"


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write to, which takes its place at `path` when the block ends well.

    It is written beside the path, forced to disk and renamed; a block that fails leaves nothing.
    The folder is made if absent. Raises LogError if the folder cannot be written to.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with whole_file(Path(folder, "new", "a.json")) as file:
    ...         _ = file.write(b"{}")
    ...     Path(folder, "new", "a.json").read_text()
    '{}'
    """
    unfinished = path.parent / f".{path.name}.{os.getpid()}{_UNFINISHED}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
        _force_names(path.parent)
    except OSError as error:
        _forget(unfinished)
        raise LogError(
            f"{path} cannot be written ({error.strerror or error}); make room or give another "
            "folder"
        ) from error
    except BaseException:
        _forget(unfinished)
        raise


def remove_unfinished(folder: Path) -> None:
    """Delete what writers that were killed left in a folder that nobody else writes to now.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, ".a.json.99.unfinished").write_bytes(b"{")
    ...     remove_unfinished(Path(folder))
    ...     list(Path(folder).iterdir())
    []
    """
    if folder.is_dir():
        for file in filter(is_unfinished, folder.iterdir()):
            file.unlink(missing_ok=True)


def is_unfinished(file: Path) -> bool:
    """Whether this is what `whole_file` writes to before the end.

    >>> is_unfinished(Path("log", ".a.json.99.unfinished")), is_unfinished(Path("log", "a.json"))
    (True, False)
    """
    return file.name.startswith(".") and file.name.endswith(_UNFINISHED)


def _forget(unfinished: Path) -> None:
    # The folder may be no folder at all, or refuse everything: the first error is the one to tell.
    try:
        unfinished.unlink(missing_ok=True)
    except OSError:
        return


def _force_names(folder: Path) -> None:
    """Force the folder's list of names to disk, so that a power cut keeps the new name."""
    names = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(names)
    finally:
        os.close(names)
