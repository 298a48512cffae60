"""What a command says: results as one JSON object on stdout, everything for people on stderr."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np


class Advance(Protocol):
    """Reports that `n` more of the promised steps are done."""

    def __call__(self, n: int = 1) -> None: ...


def note(text: str) -> None:
    """Print one line for people on stderr, so that stdout stays machine-readable."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def print_json(value: object) -> None:
    """Print `value` as one JSON object on one line of stdout; NaN and infinities become null.

    Raises TypeError for a value that JSON has no form for: that is a mistake of ours.

    >>> print_json({"fcr": np.float64(0.5), "wait_s": np.array([np.nan, 3.0])})
    {"fcr":0.5,"wait_s":[null,3.0]}
    """
    sys.stdout.write(msgspec.json.encode(value, enc_hook=_plain).decode() + "\n")
    sys.stdout.flush()


@contextmanager
def progress(description: str, total: int) -> Iterator[Advance]:
    """A bar on stderr with rate and time left; a start and an end line if that is no terminal.

    >>> with progress("days", 3) as advance:
    ...     for _ in range(3):
    ...         advance()
    """
    drawn = _bar if sys.stderr.isatty() else _lines
    with drawn(description, total) as advance:
        yield advance


def _plain(value: object) -> object:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"a {type(value).__name__} has no JSON form")


@contextmanager
def _lines(description: str, total: int) -> Iterator[Advance]:
    start = time.monotonic()
    done = 0

    def advance(n: int = 1) -> None:
        nonlocal done
        done += n

    note(f"{description} …")
    yield advance
    note(f"{description}: {done} of {total} in {time.monotonic() - start:.1f} s")


@contextmanager
def _bar(description: str, total: int) -> Iterator[Advance]:
    # Loaded here because the server never draws a bar and must start in about a second.
    import rich.console
    import rich.progress as bars

    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TextColumn("{task.fields[rate]:,.1f}/s"),
        bars.TimeElapsedColumn(),
        bars.TimeRemainingColumn(),
    )
    with bars.Progress(*columns, console=rich.console.Console(stderr=True)) as drawn:
        start = time.monotonic()
        task = drawn.add_task(description, total=total, rate=0.0)

        def advance(n: int = 1) -> None:
            done = drawn.tasks[task].completed + n
            drawn.update(task, advance=n, rate=done / max(time.monotonic() - start, 1e-3))

        yield advance
