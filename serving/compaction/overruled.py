"""Decisions that a person overruled leave the log: what came back is not the policy's doing.

The person's choice is an action of another policy, whose probability nobody knows.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from nba.listen.log_parts import read_texts
from serving.compaction.progress_file import Overruled, Progress
from serving.compaction.removal import remove_rows
from serving.journal.columns import Columns
from serving.journal.records import OverrideRecord


def take_out(
    overrides: Sequence[OverrideRecord],
    decisions: Mapping[str, Columns],
    out: Path,
    progress: Progress,
    *,
    ends_round: bool,
) -> set[str]:
    """The ids whose rows are gone: from what was just read, and from the parts before it.

    An override is accepted after its decision was, so the round after the one that read it has
    certainly read the decision; until then it is kept.
    """
    wanted = {o.decision_id: o for o in progress.overruled}
    for record in overrides:
        new = Overruled(record.decision_id, record.decided_at, progress.round)
        wanted.setdefault(record.decision_id, new)
    if not wanted:
        return set()
    gone = _from_new(decisions, wanted)
    for name, part in tuple(progress.parts.items()):
        near = {i for i, o in wanted.items() if part.first_at <= o.decided_at <= part.last_at}
        found = near - gone
        found &= set(read_texts(out / name, "decision_id")) if found else set()
        if found:
            remove_rows(out, name, found, progress)
            gone |= found
    progress.overruled = [
        o
        for o in wanted.values()
        if o.decision_id not in gone and not (ends_round and o.read_in < progress.round)
    ]
    return gone


def _from_new(decisions: Mapping[str, Columns], wanted: Mapping[str, Overruled]) -> set[str]:
    found: set[str] = set()
    for columns in decisions.values():
        found |= wanted.keys() & set(columns.decision_id)
    return found
