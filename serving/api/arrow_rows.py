"""Requests and replies as Arrow IPC streams: rows that are the objects of the JSON.

Members are columns, objects structs, arrays lists; a null is a member that is left out. pyarrow is
imported when the first such request comes, so a server does without it otherwise.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Final

import msgspec
import numpy as np

from nba.errors import RequestError
from nba.types import Floats, Ints
from serving.path.asked import Asked
from serving.schema import DecisionReply, ErrorReply

Arrow = Any  # pyarrow ships no types
CONTENT_TYPE: Final = b"application/vnd.apache.arrow.stream"


def read_table(pa: Arrow, body: bytes) -> Arrow:
    """The rows of a stream; raises RequestError for no stream, or none of them."""
    try:
        with pa.ipc.open_stream(body) as stream:
            table = stream.read_all()
        table.validate(full=True)
    except (pa.ArrowInvalid, OSError, ValueError) as error:
        message = f"is no Arrow IPC stream ({str(error)[:200]})"
        raise RequestError(400, "body", message, "write it with pyarrow.ipc.new_stream") from error
    if not len(table):
        raise RequestError(422, "rows", "there is no row", "send one decision request a row")
    return table


def as_json(table: Arrow) -> list[bytes]:
    """Each row as the JSON request that it is."""
    return [msgspec.json.encode(_present(row)) for row in table.to_pylist()]


def reply_rows(
    pa: Arrow,
    asked: Sequence[Asked | None],
    replies: Sequence[DecisionReply | ErrorReply],
) -> Arrow:
    """The replies as rows; one that was refused has its error and nothing else."""
    told = [_told(one, reply) for one, reply in zip(asked, replies, strict=True)]
    types = _types(pa)
    columns = [pa.array([row.get(name) for row in told], type=types[name]) for name in types]
    return pa.table(columns, names=list(types))


def reply_columns(
    pa: Arrow,
    columns: Mapping[str, Arrow],
    *,
    sizes: Ints,
    probabilities: Floats,
) -> Arrow:
    """The same from arrays, and texts and truths that are the same for all rows."""
    rows, types = len(sizes), _types(pa)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    listed = pa.ListArray.from_arrays(pa.array(offsets), pa.array(probabilities))
    told = {**columns, "probabilities": listed, "error": None}
    made = {
        name: told[name]
        if isinstance(told[name], pa.Array)
        else pa.repeat(pa.scalar(told[name], type=kind), rows)
        for name, kind in types.items()
    }
    return pa.table(list(made.values()), names=list(made))


def write_stream(pa: Arrow, table: Arrow) -> bytes:
    """A table as a stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return bytes(sink.getvalue())


def load_pyarrow() -> Arrow:
    """pyarrow; raises RequestError where it is not installed."""
    try:
        import_module("pyarrow.ipc")
        import_module("pyarrow.compute")
        return import_module("pyarrow")
    except ModuleNotFoundError as error:
        message = "this server has no pyarrow to read it with"
        remedy = "send JSON lines, or: pip install pyarrow"
        raise RequestError(415, "content-type", message, remedy) from error


def _types(pa: Arrow) -> dict[str, Arrow]:
    return {
        "decision_id": pa.string(),
        "chosen": pa.string(),
        "kind": pa.string(),
        "propensity": pa.float64(),
        "probabilities": pa.list_(pa.float64()),  # in the order of the actions that were sent
        "policy": pa.string(),
        "policy_version": pa.string(),
        "mode": pa.string(),
        "fallback": pa.bool_(),
        "error": pa.string(),
    }


def _told(asked: Asked | None, reply: DecisionReply | ErrorReply) -> dict[str, object]:
    if asked is None or isinstance(reply, ErrorReply):
        assert isinstance(reply, ErrorReply)
        return {"error": f"{reply.error.field}: {reply.error.message}"}
    probability = {each.id: each.probability for each in reply.ranked}
    return {
        "decision_id": reply.decision_id,
        "chosen": reply.chosen.id,
        "kind": reply.chosen.kind,
        "propensity": reply.propensity,
        "probabilities": [probability.get(name, 0.0) for name in asked.ids],
        "policy": reply.policy,
        "policy_version": reply.policy_version,
        "mode": reply.mode,
        "fallback": reply.fallback,
    }


def _present(value: Any) -> Any:  # noqa: ANN401 whatever a cell holds
    """The value without the members that are null."""
    if isinstance(value, dict):
        return {name: _present(inner) for name, inner in value.items() if inner is not None}
    return [_present(inner) for inner in value] if isinstance(value, list) else value
