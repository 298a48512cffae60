"""The journal in columns: decisions of one feature spec as a DecisionLog, outcomes beside it.

Customers who opted out leave no row, and are counted. What learning does not read is not decoded.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

import msgspec
import numpy as np
from msgspec import Raw, Struct

from nba.errors import InputError
from nba.listen.encode import FeatureSpec
from nba.listen.outcomes import OutcomeColumns
from nba.types import DecisionLog, Texts
from serving.journal.batch_rows import decisions_in
from serving.journal.records import (
    ACTIVATION,
    BATCH,
    DECISION,
    OUTCOME,
    OVERRIDE,
    ActivationRecord,
    BatchRecord,
    OutcomeRecord,
    OverrideRecord,
    decode_record,
    float32s,
    float64s,
    kind_of,
)


class DecisionRow(Struct, frozen=True, array_like=True, tag="d", gc=False):
    """A DecisionRecord as far as a log needs it: the same fields in the same places."""

    decision_id: str
    at: float
    unit: str
    mode: str
    training: bool
    fallback_reason: Raw
    policy: Raw
    policy_version: str
    spec_version: str
    action_ids: list[str]
    chosen: int
    chosen_kind: Raw
    probabilities: bytes
    rewards: Raw
    context: bytes
    actions: bytes
    why: Raw
    excluded: Raw
    request: Raw
    use_case: str = "default"
    control: str = ""


@dataclass(slots=True)
class Rows:
    """What a stretch of journal holds for learning."""

    decisions: dict[str, list[DecisionRow]] = field(default_factory=dict)  # by spec version
    outcomes: list[OutcomeRecord] = field(default_factory=list)
    opted_out: set[str] = field(default_factory=set)  # decision ids; deferred ones too
    overrides: list[OverrideRecord] = field(default_factory=list)


_UNREAD: Final = Raw()
_DECISION: Final = msgspec.msgpack.Decoder(DecisionRow)
_OUTCOME: Final = msgspec.msgpack.Decoder(OutcomeRecord)
_OVERRIDE: Final = msgspec.msgpack.Decoder(OverrideRecord)
_ACTIVATION: Final = msgspec.msgpack.Decoder(ActivationRecord)


def read_rows(payloads: Iterable[memoryview], rows: Rows | None = None) -> Rows:
    """The decisions and outcomes among a journal's payloads, behind those that `rows` has.

    Other kinds of records are passed over. Raises InputError for a record of another format.
    """
    rows = Rows() if rows is None else rows
    outcomes, decisions = rows.outcomes, rows.decisions
    try:
        for payload in payloads:
            kind = kind_of(payload)
            if kind == DECISION:
                row = _DECISION.decode(payload)
                if not row.training:
                    rows.opted_out.add(row.decision_id)
                elif row.spec_version in decisions:
                    decisions[row.spec_version].append(row)
                else:
                    decisions[row.spec_version] = [row]
            elif kind == BATCH:
                record = decode_record(payload)
                assert isinstance(record, BatchRecord)
                decisions.setdefault(record.spec_version, []).extend(_rows_of(record))
            elif kind == OUTCOME:
                outcomes.append(_OUTCOME.decode(payload))
            elif kind == OVERRIDE:
                rows.overrides.append(_OVERRIDE.decode(payload))
            elif kind == ACTIVATION:  # a deferred decision that was shown after all
                row = _DECISION.decode(_ACTIVATION.decode(payload).decision)
                decisions.setdefault(row.spec_version, []).append(row)
                rows.opted_out.discard(row.decision_id)
    except msgspec.MsgspecError as error:
        raise InputError(
            f"a journal record is of another format ({error}); read it with the version of this "
            "program that wrote it"
        ) from error
    return rows


def _rows_of(record: BatchRecord) -> Iterator[DecisionRow]:
    for made in decisions_in(record):
        yield DecisionRow(
            decision_id=made.decision_id,
            at=made.at,
            unit=made.unit,
            mode=made.mode,
            training=made.training,
            fallback_reason=_UNREAD,
            policy=_UNREAD,
            policy_version=made.policy_version,
            spec_version=made.spec_version,
            action_ids=made.action_ids,
            chosen=made.chosen,
            chosen_kind=_UNREAD,
            probabilities=made.probabilities,
            rewards=_UNREAD,
            context=made.context,
            actions=made.actions,
            why=_UNREAD,
            excluded=_UNREAD,
            request=_UNREAD,
        )


def decision_log(rows: Sequence[DecisionRow], spec: FeatureSpec) -> DecisionLog:
    """The log of decisions that were made with this spec, without outcomes and rewards."""
    sizes = np.fromiter((len(row.action_ids) for row in rows), dtype=np.int64, count=len(rows))
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    chosen = np.fromiter((row.chosen for row in rows), dtype=np.int64, count=len(rows))
    probabilities = float64s(b"".join([row.probabilities for row in rows]))
    context = float32s(b"".join([row.context for row in rows]))
    actions = float32s(b"".join([row.actions for row in rows]))
    return DecisionLog(
        decision_id=texts([row.decision_id for row in rows]),
        unit=texts([row.unit for row in rows]),
        at=np.fromiter((row.at for row in rows), dtype=np.float64, count=len(rows)),
        context=context.reshape(-1, len(spec.context_names)),
        offsets=offsets,
        action_ids=texts(list(chain.from_iterable([row.action_ids for row in rows]))),
        actions=actions.reshape(-1, len(spec.action_names)),
        chosen=chosen,
        propensity=probabilities[offsets[:-1] + chosen],
        policy_version=texts([row.policy_version for row in rows]),
        outcomes={},
        reward=np.full(len(rows), np.nan),
        context_names=spec.context_names,
        action_names=spec.action_names,
        spec_version=spec.version,
        segments={
            "mode": texts([row.mode for row in rows]),
            "use_case": texts([row.use_case for row in rows]),
            "control": texts([row.control for row in rows]),
        },
    )


def outcome_columns(records: Sequence[OutcomeRecord]) -> OutcomeColumns:
    """The outcomes in columns, each component of a record a row."""
    components = [record.components for record in records]
    sizes = [len(found) for found in components]
    at = np.fromiter((record.at for record in records), dtype=np.float64, count=len(records))
    return OutcomeColumns(
        np.repeat(texts([record.decision_id for record in records]), sizes),
        texts(list(chain.from_iterable(components))),
        np.array(list(chain.from_iterable(map(dict.values, components))), dtype=np.float64),
        np.repeat(at, sizes),
    )


def texts(values: Sequence[str]) -> Texts:
    """A text column."""
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column
