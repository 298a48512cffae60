"""A simulated log of any length on disk: written part by part, continued after a kill.

DIR/simulation.json          the settings; written first, so that no log is continued as another
DIR/part-00000000.parquet    decisions with joined outcomes and rewards: `read_log`, `iter_log`
DIR/outcomes/part-….parquet  every outcome with the time it became known: `read_outcomes`
DIR/days/part-….json         key figures of the part's days; written last: the part is done

A part is one block of `envs.day_blocks`. It depends on the settings alone, so a log that was
interrupted and continued has the same bytes as one that was not.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from envs.day_blocks import DayBlock, Step, day_blocks
from envs.day_figures import DayFigures, DayRow
from envs.logged_run import LoggedRun, holds, write_settings
from envs.logging import WINDOW_S, Slice, logged_slices
from envs.records import COMPONENTS
from nba.errors import InputError, LogError
from nba.listen.log_parts import OUTCOMES_FOLDER, write_part
from nba.listen.objective import Objective
from nba.listen.outcomes import join_outcomes
from nba.listen.whole_file import remove_unfinished, whole_file

_DAYS: Final = "days"


class _Part(msgspec.Struct):
    """What is told of a part that is done."""

    decisions: int
    outcomes: dict[str, int]  # the join report
    days: list[DayRow]


@dataclass(frozen=True, slots=True)
class LogSummary:
    """What a finished log directory holds."""

    decisions: int
    outcomes: Mapping[str, int]  # what became of them, as `JoinReport` counts it
    days: list[DayRow]


@contextmanager
def claimed(directory: Path, run: LoggedRun) -> Iterator[int]:
    """How many centre-days the directory, made if absent, holds already; it is this run's now.

    Raises InputError if it holds anything else, a log with other settings, or if another run
    writes to it; LogError if it cannot be written to.
    """
    with _alone(directory):
        if not holds(directory, run):
            write_settings(directory, run)
        for folder in (directory, directory / OUTCOMES_FOLDER, directory / _DAYS):
            remove_unfinished(folder)
        yield sum(block.n for i, block in enumerate(_blocks(run)) if _is_done(directory, i))


def write_missing_parts(
    directory: Path, run: LoggedRun, *, progress: Callable[[int], None]
) -> LogSummary:
    """Simulate and write the parts that a claimed directory does not hold yet; all that it holds.

    Memory is bounded by one part, whatever the number of days. `progress` is told of each
    centre-day that ends. Raises LogError if there is no room: run it again then, it continues.
    """
    blocks = _blocks(run)
    for number, block in enumerate(blocks):
        if not _is_done(directory, number):
            _write_block(directory, number, block, run, progress)
    return _summary(directory, len(blocks))


def _write_block(
    directory: Path, number: int, block: DayBlock, run: LoggedRun, progress: Callable[[int], None]
) -> None:
    figures = DayFigures(block)
    counts: dict[str, int] = {}

    def watch(step: Step) -> None:
        figures(step)
        if step.ended.any():
            progress(int(step.ended.sum()))

    slices = logged_slices(run.policy, run.config, block, seed=run.seed, watch=watch)
    decisions = write_part(
        directory / f"{_part(number)}.parquet", _with_rewards(slices, run.now, counts)
    )
    part = _Part(decisions, counts, figures.rows())
    _write_json(directory / _DAYS / f"{_part(number)}.json", part)


def _with_rewards(slices: Iterator[Slice], now: float, counts: dict[str, int]) -> Iterator[Slice]:
    """The slices with what has come back by `now`; what became of the outcomes adds to `counts`."""
    for log, outcomes in slices:
        # Every component is a column in every slice, also where none of it has come back.
        empty = replace(log, outcomes={name: np.full(len(log), np.nan) for name in COMPONENTS})
        joined, report = join_outcomes(
            empty, outcomes, objective=Objective(), now=now, window_s=WINDOW_S
        )
        _add(counts, asdict(report))
        yield joined, outcomes


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Hold the directory, made if absent, against a second writer; a kill lets go of it."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        held = os.open(directory, os.O_RDONLY)
    except OSError as error:
        raise LogError(
            f"{directory} cannot be written ({error.strerror}); give another folder"
        ) from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise InputError(
            f"another run is writing to {directory}; let it end or give another folder"
        ) from error
    finally:
        os.close(held)


def _blocks(run: LoggedRun) -> list[DayBlock]:
    return day_blocks(run.config, sites=run.sites, days=run.days)


def _is_done(directory: Path, number: int) -> bool:
    log, part = f"{_part(number)}.parquet", f"{_part(number)}.json"
    needed = (directory / log, directory / OUTCOMES_FOLDER / log, directory / _DAYS / part)
    return all(path.exists() for path in needed)


def _part(number: int) -> str:
    return f"part-{number:08d}"


def _write_json(path: Path, value: msgspec.Struct) -> None:
    with whole_file(path) as file:
        file.write(msgspec.json.format(msgspec.json.encode(value)) + b"\n")


def _summary(directory: Path, n_parts: int) -> LogSummary:
    decisions, days = 0, []
    outcomes: dict[str, int] = {}
    for number in range(n_parts):
        path = directory / _DAYS / f"{_part(number)}.json"
        try:
            part = msgspec.json.decode(path.read_bytes(), type=_Part)
        except msgspec.MsgspecError as error:
            raise LogError(f"{path} is damaged ({error}); delete it and run again") from error
        decisions += part.decisions
        days += part.days
        _add(outcomes, part.outcomes)
    return LogSummary(decisions, outcomes, days)


def _add(counts: dict[str, int], more: Mapping[str, int]) -> None:
    for name, count in more.items():
        counts[name] = counts.get(name, 0) + count
