"""The rows of a BatchRecord: each is a DecisionRecord, found by its id, and can be overwritten."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import msgspec
import numpy as np
from msgspec import Struct

from nba.act.eligibility import untouched
from nba.types import ACTION_KINDS, Bools, Floats, Floats32, Ints
from serving.journal.records import BatchRecord, DecisionRecord, float32s, float64s
from serving.journal.text_column import TextColumn, blanked, place_in, texts_in

SEPARATOR: Final = "~"  # between a batch's name and a row's number


class Removed(Struct, array_like=True):
    """What rules removed of one row's actions."""

    excluded: dict[str, str]
    funnel: dict[str, int]


class _Named(Struct, array_like=True, tag="b"):
    """The first fields of a BatchRecord."""

    name: str
    at: float
    units: TextColumn
    ids: TextColumn
    gone: bytes


_NAMED: Final = msgspec.msgpack.Decoder(_Named)
_REMOVED: Final = msgspec.json.Decoder(Removed)


class Spans(NamedTuple):
    """Where the rows' actions lie in a record's columns."""

    sent: Ints  # (B + 1,) offsets into all actions
    eligible: Ints  # (B + 1,) offsets into the eligible ones
    keep: Bools  # (N,)

    @property
    def places(self) -> Ints:
        """(M,) where the eligible ones are among all."""
        return np.flatnonzero(self.keep)


def spans_of(record: BatchRecord) -> Spans:
    """Where each row's actions lie."""
    sizes = np.frombuffer(record.sizes, dtype="<u2")
    sent = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
    if not record.keep:
        return Spans(sent, sent, np.ones(sent[-1], dtype=np.bool_))
    keep = np.frombuffer(record.keep, dtype=np.bool_)
    eligible = np.concatenate([[0], np.cumsum(keep, dtype=np.int64)])[sent]
    return Spans(sent, eligible, keep)


def named(name: str, row: int) -> str:
    """The id of a row to which the caller gave none.

    >>> named("b-1", 7)
    'b-1~7'
    """
    return f"{name}{SEPARATOR}{row}"


def names_of(name: str, rows: int) -> list[str]:
    """The same for the first rows.

    >>> names_of("b-1", 2)
    ['b-1~0', 'b-1~1']
    """
    begin = f"{name}{SEPARATOR}"
    return [begin + str(row) for row in range(rows)]


def names_in(payload: bytes | memoryview) -> tuple[int, list[str]]:
    """How many rows a BatchRecord's payload has, and the texts that they are found by."""
    found = _NAMED.decode(payload)
    return len(found.units), [found.name, *texts_in(found.ids)]


def row_number(payload: bytes | memoryview, decision_id: str) -> int:
    """Which row of a BatchRecord's payload has this id; -1 if none has, or it was forgotten."""
    found = _NAMED.decode(payload)
    if len(found.ids):
        row = place_in(found.ids, decision_id.encode())
    else:
        name, _, number = decision_id.rpartition(SEPARATOR)
        row = int(number) if name == found.name and number.isdecimal() else -1
        row = row if row < len(found.units) and named(name, row) == decision_id else -1
    return -1 if row < 0 or found.gone[row] else row


def row_ids(record: BatchRecord) -> list[str]:
    """The rows' ids."""
    return texts_in(record.ids) or names_of(record.name, len(record.units))


def decision_in(record: BatchRecord, row: int) -> DecisionRecord:
    """The decision of one row, without reasons and request, which take its policy and spec."""
    return next(decisions_in(record, [row]))


def decisions_in(
    record: BatchRecord, rows: Iterable[int] | None = None
) -> Iterator[DecisionRecord]:
    """The decisions of some rows, or of all that are not forgotten."""
    gone = record.gone
    if rows is None:
        rows = [row for row in range(len(gone)) if not gone[row]]
    spans, ids, units = spans_of(record), row_ids(record), texts_in(record.units)
    names, sent, eligible = (
        texts_in(record.action_ids),
        spans.sent.tolist(),
        spans.eligible.tolist(),
    )
    chosen = np.frombuffer(record.chosen, dtype="<u2").tolist()
    context, actions = contexts(record), action_rows(record)
    probabilities = float64s(record.probabilities)
    removed = dict(record.removed)
    for row in rows:
        start, stop = sent[row], sent[row + 1]
        keep = spans.keep[start:stop]
        left = np.flatnonzero(keep).tolist()
        whose = names[start:stop]
        told = (
            _REMOVED.decode(removed[row]) if row in removed else Removed({}, untouched(len(left)))
        )
        yield DecisionRecord(
            decision_id=ids[row],
            at=record.at,
            unit=units[row],
            mode="policy",
            training=True,
            fallback_reason="",
            policy=record.policy,
            policy_version=record.policy_version,
            spec_version=record.spec_version,
            action_ids=whose if len(left) == len(whose) else [whose[i] for i in left],
            chosen=chosen[row],
            chosen_kind=ACTION_KINDS[record.kinds[start + left[chosen[row]]]],
            probabilities=probabilities[eligible[row] : eligible[row + 1]].tobytes(),
            rewards=b"",
            context=context[row].tobytes(),
            actions=actions[start:stop][keep].tobytes(),
            why=[],
            excluded=told.excluded,
            request=b"null",
            funnel=told.funnel,
        )


def contexts(record: BatchRecord) -> Floats32:
    """(B, d)."""
    return float32s(record.context).reshape(len(record.units), -1)


def action_rows(record: BatchRecord) -> Floats32:
    """(N, p)."""
    return float32s(record.actions).reshape(len(record.kinds), -1)


def probability_rows(record: BatchRecord) -> Floats:
    """(N,): of all actions, zero where a rule removed one."""
    found = np.zeros(len(record.kinds))
    found[spans_of(record).keep] = float64s(record.probabilities)
    return found


def without(record: BatchRecord, rows: Iterable[int]) -> BatchRecord:
    """The record with nothing of these rows in it: as many bytes, all others in their places."""
    spans, gone = spans_of(record), bytearray(record.gone)
    units, ids, action_ids = record.units, record.ids, record.action_ids
    context, actions = contexts(record).copy(), action_rows(record).copy()
    probabilities, chosen = float64s(record.probabilities).copy(), bytearray(record.chosen)
    removed = dict(record.removed)
    for row in rows:
        start, stop = int(spans.sent[row]), int(spans.sent[row + 1])
        gone[row] = 1
        units, ids = blanked(units, row), blanked(ids, row)
        action_ids = blanked(action_ids, start, stop - start)
        context[row], actions[start:stop] = 0.0, 0.0
        probabilities[spans.eligible[row] : spans.eligible[row + 1]] = 0.0
        chosen[2 * row : 2 * row + 2] = bytes(2)
        if row in removed:
            removed[row] = bytes(len(removed[row]))
    return msgspec.structs.replace(
        record,
        gone=bytes(gone),
        units=units,
        ids=ids,
        action_ids=action_ids,
        chosen=bytes(chosen),
        probabilities=probabilities.tobytes(),
        context=context.tobytes(),
        actions=actions.tobytes(),
        removed=list(removed.items()),
    )


def rows_of_unit(record: BatchRecord, unit: str) -> list[int]:
    """The rows of one customer that are not forgotten."""
    units = texts_in(record.units)
    return [row for row, name in enumerate(units) if name == unit and not record.gone[row]]
