"""The server's journal as a DecisionLog with its outcomes: what learning and evaluation read.

Customers who opted out are left out, and counted; dry runs are not in a journal at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nba.errors import LogError
from nba.listen.encode import FeatureSpec
from nba.listen.outcomes import OutcomeColumns
from nba.types import DecisionLog
from serving.journal.records import (
    DecisionRecord,
    OutcomeRecord,
    decode_record,
    float32s,
    float64s,
)
from serving.journal.segments import (
    HEADER_BYTES,
    read_segment,
    scan,
    segment_numbers,
    segment_path,
)


@dataclass(frozen=True, slots=True)
class JournalLog:
    """Decisions without rewards, the outcomes to join to them, and how much was left out."""

    log: DecisionLog
    outcomes: OutcomeColumns
    opted_out: int  # decisions
    other_spec: int  # decisions made with another version of the feature spec


def read_journal_log(directory: Path, spec: FeatureSpec) -> JournalLog:
    """The journal in a folder, a running server's too; only decisions made with this spec.

    Join the outcomes with `nba.listen.outcomes.join_outcomes`. Raises LogError if the folder has
    no journal, InputError naming a file of another format.
    """
    decisions: list[DecisionRecord] = []
    outcomes: list[OutcomeRecord] = []
    opted_out = other_spec = 0
    for record in _records(directory):
        if isinstance(record, OutcomeRecord):
            outcomes.append(record)
        elif not record.training:
            opted_out += 1
        elif record.spec_version != spec.version:
            other_spec += 1
        else:
            decisions.append(record)
    log = _log(decisions, spec)
    return JournalLog(log, _outcomes(outcomes, set(log.decision_id)), opted_out, other_spec)


def _records(directory: Path) -> Iterator[DecisionRecord | OutcomeRecord]:
    numbers = segment_numbers(directory)
    if not numbers:
        raise LogError(f"{directory} holds no journal; give the folder that `nba serve` wrote")
    for number in numbers:
        data = memoryview(read_segment(segment_path(directory, number)))
        for offset, length in scan(bytes(data)).records:
            start = offset + HEADER_BYTES
            yield decode_record(data[start : start + length])


def _log(records: list[DecisionRecord], spec: FeatureSpec) -> DecisionLog:
    sizes = [len(record.action_ids) for record in records]
    d, p = len(spec.context_names), len(spec.action_names)
    context = float32s(b"".join(record.context for record in records)).reshape(-1, d)
    actions = float32s(b"".join(record.actions for record in records)).reshape(-1, p)
    propensity = [float64s(record.probabilities)[record.chosen] for record in records]
    return DecisionLog(
        decision_id=_texts([record.decision_id for record in records]),
        unit=_texts([record.unit for record in records]),
        at=np.array([record.at for record in records], dtype=np.float64),
        context=context,
        offsets=np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64),
        action_ids=_texts([action for record in records for action in record.action_ids]),
        actions=actions,
        chosen=np.array([record.chosen for record in records], dtype=np.int64),
        propensity=np.array(propensity, dtype=np.float64),
        policy_version=_texts([record.policy_version for record in records]),
        outcomes={},
        reward=np.full(len(records), np.nan),
        context_names=spec.context_names,
        action_names=spec.action_names,
        spec_version=spec.version,
        segments={"mode": _texts([record.mode for record in records])},
    )


def _outcomes(records: list[OutcomeRecord], decisions: set[str]) -> OutcomeColumns:
    rows = [
        (record.decision_id, component, value, record.at)
        for record in records
        if record.decision_id in decisions
        for component, value in record.components.items()
    ]
    ids, components, values, times = zip(*rows, strict=True) if rows else ((), (), (), ())
    return OutcomeColumns(
        _texts(list(ids)),
        _texts(list(components)),
        np.array(values, dtype=np.float64),
        np.array(times, dtype=np.float64),
    )


def _texts(values: list[str]) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column
