"""Compaction: what a journal gained since the last time becomes a part of the log, once.

A step reads a stretch of journal, writes down how far it read, writes the part, and then writes
down that it is done. A step that was killed is done again over the same stretch, and what it left
is replaced: nothing is lost and nothing stands twice.
"""

import gc
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from nba.errors import InputError
from nba.listen.whole_file import remove_unfinished
from serving.compaction.parts import Step, StepReport, write_step
from serving.compaction.progress_file import (
    Place,
    Places,
    Progress,
    load_progress,
    only_one,
    save_progress,
)
from serving.compaction.stretch import START, Stretch, bytes_between, ends
from serving.journal.log import Rows, read_rows
from serving.journal.specs import Kept, kept_specs

STEP_BYTES: Final = 128 * 2**20  # of journal; bounds a step's memory and its part's size
Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class CompactReport:
    """What one run did, and what the log holds now."""

    steps: int
    decisions: int  # new rows
    opted_out: int  # left no row
    without_propensity: int  # a choice that had no chance of its own cannot be weighed
    overruled: int  # a person did something else: no row, as that choice had no known chance
    repeated: int  # the same id in two workers' journals: the first one counts
    outcomes_joined: int
    outcomes_late: int  # behind their window, or told twice
    outcomes_unmatched: int  # their decision is not in the log: opted out, or long ago
    defaulted: int  # components filled in because their window closed empty
    outcomes_waiting: int  # for a decision or a time that is still to come
    rows: int  # of the whole log
    without_reward: int  # of them
    folders: dict[str, str]  # spec version → folder of its log


def compact(
    journal: Path,
    out: Path,
    *,
    now: float,
    window_s: Mapping[str, float],
    defaults: Mapping[str, float],
    specs: Mapping[str, Kept] | None = None,
    advance: Advance = lambda _: None,
    step_bytes: int = STEP_BYTES,
) -> CompactReport:
    """Bring the log in `out` up to the last durable record of a journal; a server may be writing.

    `window_s` is how long one waits for each component ("": for those not named), `specs` are
    feature specs beside those that the journal keeps. `advance` is told the bytes read. Raises
    LogError without a journal, InputError for other settings than the log was begun with, a
    feature spec that nobody knows, or a record of another format.
    """
    with only_one(out), _no_collector():
        progress = _begun(out, window_s, defaults)
        for folder in (out, *(path for path in out.rglob("*") if path.is_dir())):
            remove_unfinished(folder)
        known = {**(specs or {}), **kept_specs(journal)}
        done = StepReport()
        steps = 0
        for _ in range(2 if progress.goal else 1):  # a round that was killed, then one to the end
            if progress.goal is None:
                progress.goal = ends(journal)
                progress.round += 1
            steps += _round(journal, out, progress, known, now, done, step_bytes, advance)
    return _report(out, progress, done, steps)


def left(journal: Path, out: Path) -> int:
    """How many bytes of journal a compaction would read now."""
    progress = load_progress(out)
    return bytes_between(journal, progress.done if progress else {}, ends(journal))


@contextmanager
def _no_collector() -> Iterator[None]:
    """A step's rows are many small objects without cycles: the collector would walk them in vain.

    Measured: a quarter of the reading.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _begun(out: Path, window_s: Mapping[str, float], defaults: Mapping[str, float]) -> Progress:
    progress = load_progress(out)
    if progress is None:
        progress = Progress(dict(window_s), dict(defaults))
        save_progress(out, progress)
    for name, given in (("window_s", window_s), ("defaults", defaults)):
        if getattr(progress, name) != given:
            raise InputError(
                f"{out} was begun with {name} {getattr(progress, name)}, now {dict(given)} is "
                "asked for; give the same, or compact into a new folder"
            )
    return progress


@dataclass(frozen=True, slots=True)
class _Read:
    """A step's part of the journal."""

    rows: Rows
    until: Places  # how far it goes
    n_bytes: int


def _round(
    journal: Path,
    out: Path,
    progress: Progress,
    specs: Mapping[str, Kept],
    now: float,
    report: StepReport,
    step_bytes: int,
    advance: Advance,
) -> int:
    """How many steps it took to the goal. While one is written, the next is read."""
    steps = 0
    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as reader:
        coming: Future[_Read] | None = None
        while progress.goal is not None:
            if coming is None:
                again = progress.until is not None
                end, most = progress.until or progress.goal, None if again else step_bytes
                read = _read(journal, progress.done, end, most)
            else:
                read = coming.result()
            last = all(read.until.get(name) == place for name, place in progress.goal.items())
            coming = None
            if not last:
                coming = reader.submit(_read, journal, read.until, progress.goal, step_bytes)
            _step(journal, out, progress, read, specs, now, report, last=last)
            advance(read.n_bytes)
            steps += 1
    return steps


def _step(
    journal: Path,
    out: Path,
    progress: Progress,
    read: _Read,
    specs: Mapping[str, Kept],
    now: float,
    report: StepReport,
    *,
    last: bool,
) -> None:
    decisions = read.rows.decisions()
    absent = [version for version in decisions if version not in specs]
    if absent:
        raise InputError(
            f"the journal has decisions made with feature spec {absent[0]}, which {journal} does "
            "not describe; give a policy file of that spec with --policy"
        )
    again = progress.until is not None
    if not again:
        progress.step += 1
        progress.until = read.until
        save_progress(out, progress)
    write_step(Step(out, progress, read.rows, decisions, specs, now, last, again), report)
    progress.done, progress.until = read.until, None
    if last:
        progress.goal = None
    save_progress(out, progress)


def _read(journal: Path, done: Places, end: Places, step_bytes: int | None) -> _Read:
    """The next stretch of each folder, of about so many bytes or all to the end.

    All folders advance alike, so outcomes stay near their decisions.
    """
    begun: dict[str, Place] = {name: done.get(name, START) for name in end}
    total = max(1, bytes_between(journal, begun, end))
    rows, until, n_bytes = Rows(), dict(done), 0
    for name in end:
        most = None
        if step_bytes is not None:
            own = bytes_between(journal, {name: begun[name]}, {name: end[name]})
            most = max(1, step_bytes * own // total)
        stretch = Stretch(journal / name, begun[name], end[name], most_bytes=most)
        read_rows(stretch.payloads(rows.gatherer), rows)
        until[name] = stretch.place
        n_bytes += stretch.read_bytes
    return _Read(rows, until, n_bytes)


def _report(out: Path, progress: Progress, done: StepReport, steps: int) -> CompactReport:
    specs = {part.spec for part in progress.parts.values()}
    folders = {spec: str(out / progress.folder_of(spec)) for spec in sorted(specs)}
    return CompactReport(
        steps=steps,
        **asdict(done),
        outcomes_waiting=len(progress.waiting),
        rows=sum(part.rows for part in progress.parts.values()),
        without_reward=sum(part.without_reward for part in progress.parts.values()),
        folders=folders,
    )
