"""What a journal holds for learning: decisions in columns, outcomes and overrides beside them.

Customers who opted out leave no row, and are counted. What learning does not read is not decoded.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

import msgspec
import numpy as np
from msgspec import Raw

from nba.errors import InputError
from nba.listen.outcomes import OutcomeColumns
from serving.journal.batch_rows import decisions_in
from serving.journal.columns import Columns, DecisionRow, Gatherer, columns_of, new_gatherer, texts
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
    kind_of,
)


@dataclass(slots=True)
class Rows:
    """What a stretch of journal holds for learning."""

    gatherer: Gatherer = field(default_factory=new_gatherer)
    outcomes: list[OutcomeRecord] = field(default_factory=list)
    opted_out: set[str] = field(default_factory=set)  # decision ids; deferred ones too
    overrides: list[OverrideRecord] = field(default_factory=list)

    def decisions(self) -> dict[str, Columns]:
        """The decisions by the version of their feature spec."""
        return columns_of(self.gatherer)


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
    outcomes, gatherer = rows.outcomes, rows.gatherer
    try:
        for payload in payloads:
            kind = kind_of(payload)
            if kind == DECISION:
                if not gatherer.take(payload):
                    _decode(payload, rows)
            elif kind == BATCH:
                record = decode_record(payload)
                assert isinstance(record, BatchRecord)
                for row in _rows_of(record):
                    gatherer.add(row)
            elif kind == OUTCOME:
                outcomes.append(_OUTCOME.decode(payload))
            elif kind == OVERRIDE:
                rows.overrides.append(_OVERRIDE.decode(payload))
            elif kind == ACTIVATION:  # a deferred decision that was shown after all
                row = _DECISION.decode(_ACTIVATION.decode(payload).decision)
                gatherer.add(row)
                rows.opted_out.discard(row.decision_id)
    except msgspec.MsgspecError as error:
        raise InputError(
            f"a journal record is of another format ({error}); read it with the version of this "
            "program that wrote it"
        ) from error
    return rows


def _decode(payload: memoryview, rows: Rows) -> None:
    """Take in a decision that was not taken as it is."""
    row = _DECISION.decode(payload)
    if row.training:
        rows.gatherer.add(row)
    else:
        rows.opted_out.add(row.decision_id)


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
