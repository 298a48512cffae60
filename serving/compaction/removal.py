"""Rows leave a log: those of one customer, or all parts older than a time."""

from pathlib import Path

import numpy as np

from nba.listen.log import read_log
from nba.listen.log_parts import OUTCOMES_FOLDER, read_part_outcomes, read_texts, write_part
from nba.listen.outcomes import OutcomeColumns
from nba.listen.sample import take_rows
from serving.compaction.progress_file import Progress, load_progress, only_one, save_progress


def forget_rows(log: Path, customer_id: str) -> int:
    """How many decisions of a customer a compacted log has lost; its other rows stay as they are.

    A part is replaced whole: a kill leaves it with or without the customer, and forgetting again
    finishes. Raises InputError while a compaction is running.
    """
    lost = 0
    with only_one(log):
        progress = load_progress(log)
        for name in () if progress is None else tuple(progress.parts):
            assert progress is not None
            lost += _forget_in(log, name, customer_id, progress)
        if progress is not None:
            save_progress(log, progress)
    return lost


def expire_parts(log: Path, before: float) -> int:
    """How many parts whose every decision is older have been removed, with their outcomes."""
    with only_one(log):
        progress = load_progress(log)
        old = (
            []
            if progress is None
            else [name for name, part in progress.parts.items() if part.last_at < before]
        )
        for name in old:
            assert progress is not None
            _remove(log, name, progress)
        if progress is not None:
            save_progress(log, progress)
    return len(old)


def _forget_in(log: Path, name: str, customer_id: str, progress: Progress) -> int:
    path = log / name
    theirs = read_texts(path, "unit") == customer_id
    lost = int(theirs.sum())
    if not lost:
        return 0
    gone = set(read_texts(path, "decision_id")[theirs])
    remove_rows(log, name, gone, progress)
    return lost


def remove_rows(log: Path, name: str, gone: set[str], progress: Progress) -> None:
    """Take these decisions out of a part, with what came back for them."""
    path = log / name
    theirs = np.isin(read_texts(path, "decision_id").astype(str), list(gone))
    progress.waiting = [row for row in progress.waiting if row.decision_id not in gone]
    if theirs.all():
        _remove(log, name, progress)
        return
    kept = take_rows(read_log(path), np.flatnonzero(~theirs))
    write_part(path, [(kept, _without(read_part_outcomes(path), gone))])
    part = progress.parts[name]
    part.rows, part.without_reward = len(kept), int(np.isnan(kept.reward).sum())


def _without(outcomes: OutcomeColumns, gone: set[str]) -> OutcomeColumns:
    found = map(gone.__contains__, outcomes.decision_id)
    keep = ~np.fromiter(found, np.bool_, count=len(outcomes))
    return OutcomeColumns(
        outcomes.decision_id[keep],
        outcomes.component[keep],
        outcomes.value[keep],
        outcomes.at[keep],
    )


def _remove(log: Path, name: str, progress: Progress) -> None:
    path = log / name
    path.unlink(missing_ok=True)
    (path.parent / OUTCOMES_FOLDER / path.name).unlink(missing_ok=True)
    del progress.parts[name]
