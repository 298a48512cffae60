"""A study as cells, each written when it is done: a stopped study goes on where it was."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, as_completed
from pathlib import Path

from nba.terminal import progress

Record = Mapping[str, str | float]
Compute = Callable[[], Sequence[Record]]


def study(
    name: str,
    cells: Mapping[str, Compute],
    *,
    settings: str,
    folder: Path | None,
    pool: Executor | None = None,
) -> list[Record]:
    """The records of all cells in their order, computed or read from `folder`.

    `settings` are what a result depends on beside its cell: one of other settings is not reused.
    With a `pool` cells are computed side by side, begun in their order; each must be picklable
    where the pool is one of processes.
    """
    files = {cell: folder and _file(folder, name, cell, settings) for cell in cells}
    found: dict[str, Sequence[Record]] = {}
    with progress(name, len(cells)) as advance:
        for cell, file in files.items():
            if file is not None and file.exists():
                found[cell] = json.loads(file.read_text())
                advance()
        left = {cell: compute for cell, compute in cells.items() if cell not in found}
        for cell, records in _computed(left, pool):
            found[cell] = records
            file = files[cell]
            if file is not None:
                _write(file, records)
            advance()
    return [record for cell in cells for record in found[cell]]


def _computed(
    cells: Mapping[str, Compute], pool: Executor | None
) -> Iterator[tuple[str, list[Record]]]:
    """Each cell when it is done."""
    if pool is None:
        yield from ((cell, list(compute())) for cell, compute in cells.items())
        return
    waiting = {pool.submit(compute): cell for cell, compute in cells.items()}
    try:
        for done in as_completed(waiting):
            yield waiting[done], list(done.result())
    finally:
        for each in waiting:
            each.cancel()


def markdown(records: Sequence[Record], columns: Sequence[str]) -> str:
    """The records as a table; numbers with three digits, shares with two decimals or more."""
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    lines += ["| " + " | ".join(_told(r[name]) for name in columns) + " |" for r in records]
    return "\n".join(lines) + "\n"


def _told(value: str | float) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3f}".rstrip("0").rstrip(".") if value else "0"


def _file(folder: Path, name: str, cell: str, settings: str) -> Path:
    key = hashlib.blake2b(f"{cell}\n{settings}".encode(), digest_size=6).hexdigest()
    return folder / name / f"{cell.replace(' ', '_')}-{key}.json"


def _write(file: Path, records: Sequence[Record]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(f".{os.getpid()}.part")
    unfinished.write_text(json.dumps(records))
    unfinished.replace(file)
