"""Rows of Arrow: what is usual is decided in columns, the rest as the lines of JSON are.

A record of the journal holds the rows that were scored together, so it is small enough to be read
for one of them, and large enough that its cost is shared.
"""

import asyncio
import time
from typing import Final, NamedTuple

import numpy as np

from nba.errors import JournalError
from nba.types import ACTION_KINDS, Bools, Floats, Ints
from serving.api.arrow_columns import Read, Unusual, customers_in, plain_rows, read_columns
from serving.api.arrow_rows import (
    Arrow,
    as_json,
    load_pyarrow,
    read_table,
    reply_columns,
    reply_rows,
    write_stream,
)
from serving.api.batch_lines import decide_read, read_lines
from serving.journal.batch_rows import names_of, probability_rows, spans_of
from serving.journal.journal import Location
from serving.journal.records import BatchRecord, encode_record
from serving.path.asked import Asked
from serving.path.many import decide_together
from serving.policies.plan import DEFAULT
from serving.policies.served import Served
from serving.schema import ErrorReply, ErrorText
from serving.server import Server

_TOGETHER: Final = 128  # rows of one record
_AT_ONCE: Final = 8  # records between two looks at what else there is to do


class _Usual(NamedTuple):
    """The rows that are decided in columns."""

    numbers: Ints  # of the rows, (b,)
    read: Read
    served: Served


class _Made(NamedTuple):
    """A record on its way to the disk."""

    start: int  # of its rows among the usual ones
    record: BatchRecord
    ids: list[str]
    write: asyncio.Future[Location]


async def decide_table(server: Server, body: bytes) -> bytes:
    """The stream of replies to a stream of requests, when all of it is durable."""
    pa = load_pyarrow()
    table = read_table(pa, body)
    if len(table) > server.journal.room:
        raise JournalError("too many records wait for the disk for all of these")
    server.state.catch_up()
    usual = _usual(server, pa, table)
    plain = np.zeros(len(table), dtype=np.bool_)
    if usual is not None:
        plain[usual.numbers] = True
    others = np.flatnonzero(~plain)
    asked = await _read_alone(server, table, others)
    told = []
    if usual is not None:
        made, failed = await _promise(server, usual)
        again = usual.numbers[failed]
        asked += await _read_alone(server, table, again)
        others = np.concatenate([others, again])
        told += await _told(server, pa, usual, made)
    if len(others):
        told.append((others, reply_rows(pa, asked, await decide_read(server, asked))))
    return write_stream(pa, _in_order(pa, told))


async def _read_alone(server: Server, table: Arrow, numbers: Ints) -> list[Asked]:
    """These rows, read as the lines of JSON are."""
    if not len(numbers):
        return []
    return await read_lines(server, as_json(table.take(numbers)), numbers.tolist())


def _usual(server: Server, pa: Arrow, table: Arrow) -> _Usual | None:
    """The rows that the policy in place decides without anything else, read in columns."""
    lane, customers = server.store.plain_side(DEFAULT), server.state.customers
    if lane is None or server.watch.rests(lane.plain.served.loaded.policy.version):
        return None
    served = lane.plain.served
    try:
        plain = plain_rows(pa, table)
        if len(customers) or lane.shares:
            named = customers_in(pa, table)
            plain &= lane.plain_for(named)
            plain &= np.fromiter((customers.get(n) is None for n in named), np.bool_, len(named))
        if not plain.any():
            return None
        if not plain.all():
            table = table.filter(pa.array(plain))
        spec, most = served.parts.reader.spec, server.settings.max_actions
        read = read_columns(pa, table, spec, max_actions=most)
    except Unusual:
        return None
    return _Usual(np.flatnonzero(plain), read, served)


async def _promise(server: Server, usual: _Usual) -> tuple[list[_Made], Bools]:
    """The records, on their way to the disk, and which rows must be decided by themselves."""
    columns, served = usual.read.columns, usual.served
    made: list[_Made] = []
    failed = np.zeros(len(columns), dtype=np.bool_)
    for number, start in enumerate(range(0, len(columns), _TOGETHER)):
        if number % _AT_ONCE == _AT_ONCE - 1:
            await asyncio.sleep(0)
        part = columns.part(start, min(start + _TOGETHER, len(columns)))
        name = server.new_id()
        given = [] if part.ids is None else part.ids.texts()
        if given and server.index.knows_any(given):
            failed[start : start + len(part)] = True
            continue
        began = time.perf_counter()
        try:
            ids = given or names_of(name, len(part))
            record = decide_together(part, served, name=name, ids=ids, now=server.clock())
        except Exception:  # noqa: BLE001 the policy's failure is told and counted with each row
            failed[start : start + len(part)] = True
            continue
        took = (time.perf_counter() - began) / len(part)
        server.watch.took(served.loaded.policy.version, took)
        write = server.journal.append(encode_record(record), rows=len(part))
        server.index.add_batch(given, write)
        made.append(_Made(start, record, ids, write))
    return made, failed


async def _told(
    server: Server,
    pa: Arrow,
    usual: _Usual,
    made: list[_Made],
) -> list[tuple[Ints, Arrow]]:
    """The replies to the rows of these records, with the rows' numbers, when they are durable."""
    told, durable, late = [], [], []
    for each in made:
        try:
            await asyncio.shield(each.write)
            durable.append(each)
        except JournalError as error:
            late += [(each, str(error))]
    for each, why in late:
        rows = len(each.record.units)
        refused = ErrorReply(ErrorText("journal", why, "retry with the same decision_id"))
        told.append((_numbers(usual, each), reply_rows(pa, [None] * rows, [refused] * rows)))
    if durable:
        told.append(_columns_told(server, pa, usual, durable))
    return told


def _columns_told(
    server: Server,
    pa: Arrow,
    usual: _Usual,
    made: list[_Made],
) -> tuple[Ints, Arrow]:
    columns, policy = usual.read.columns, usual.served.loaded.policy
    chances: list[Floats] = [probability_rows(each.record) for each in made]
    own = [_chosen(each.record) for each in made]
    propensities = np.concatenate([c[place] for c, place in zip(chances, own, strict=True)])
    places = [columns.starts[e.start] + place for e, place in zip(made, own, strict=True)]
    chosen = np.concatenate(places)
    kinds = pa.array(ACTION_KINDS).take(pa.array(columns.kinds[chosen]))
    numbers = np.bincount(columns.kinds[chosen], minlength=len(ACTION_KINDS)).tolist()
    counted = {kind: number for kind, number in zip(ACTION_KINDS, numbers, strict=True) if number}
    total = float(propensities.sum())
    server.metrics.decided_together(policy.name, policy.version, counted, total)
    rows = [slice(each.start, each.start + len(each.record.units)) for each in made]
    table = reply_columns(
        pa,
        {
            "decision_id": pa.array([name for each in made for name in each.ids]),
            "chosen": usual.read.action_ids.take(pa.array(chosen)),
            "kind": kinds,
            "propensity": pa.array(propensities),
            "policy": policy.name,
            "policy_version": policy.version,
            "mode": "policy",
            "fallback": False,
        },
        sizes=np.concatenate([columns.sizes[each] for each in rows]),
        probabilities=np.concatenate(chances),
    )
    return np.concatenate([_numbers(usual, each) for each in made]), table


def _chosen(record: BatchRecord) -> Ints:
    """Where the chosen ones are among all actions of a record, (B,)."""
    spans = spans_of(record)
    chosen: Ints = spans.eligible[:-1] + np.frombuffer(record.chosen, dtype="<u2")
    return spans.places[chosen] if record.keep else chosen


def _numbers(usual: _Usual, made: _Made) -> Ints:
    return usual.numbers[made.start : made.start + len(made.record.units)]


def _in_order(pa: Arrow, told: list[tuple[Ints, Arrow]]) -> Arrow:
    """The replies in the order of the requests."""
    if len(told) == 1:
        return told[0][1]
    order = np.argsort(np.concatenate([numbers for numbers, _ in told]))
    return pa.concat_tables([table for _, table in told]).take(pa.array(order))
