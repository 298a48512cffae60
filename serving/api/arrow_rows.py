"""Requests and replies as Arrow IPC streams: rows that are the objects of the JSON.

Members are columns, objects structs, arrays lists; a null is a member that is left out. pyarrow is
imported when the first such request comes, so a server does without it otherwise.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final

import msgspec

from nba.errors import RequestError
from serving.schema import DecisionReply, ErrorReply

CONTENT_TYPE: Final = b"application/vnd.apache.arrow.stream"


def read_rows(body: bytes) -> list[bytes]:
    """Each row of a stream as the JSON request that it is; raises RequestError for no stream."""
    pa = _pyarrow()
    try:
        with pa.ipc.open_stream(body) as stream:
            table = stream.read_all()
    except (pa.ArrowInvalid, OSError, ValueError) as error:
        message = f"is no Arrow IPC stream ({str(error)[:200]})"
        raise RequestError(400, "body", message, "write it with pyarrow.ipc.new_stream") from error
    return [msgspec.json.encode(_present(row)) for row in table.to_pylist()]


def write_replies(replies: Sequence[DecisionReply | ErrorReply]) -> bytes:
    """The replies as a stream; a row that was refused has its error and nothing else."""
    pa = _pyarrow()
    table = pa.table(
        [
            pa.array([_told(reply).get(name) for reply in replies], type=_types(pa)[name])
            for name in _types(pa)
        ],
        names=list(_types(pa)),
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return bytes(sink.getvalue())


def _types(pa: Any) -> dict[str, Any]:  # noqa: ANN401 pyarrow ships no types
    texts = pa.list_(pa.string())
    return {
        "decision_id": pa.string(),
        "chosen": pa.string(),
        "kind": pa.string(),
        "propensity": pa.float64(),
        "ranked": texts,
        "probabilities": pa.list_(pa.float64()),
        "why": texts,
        "policy": pa.string(),
        "policy_version": pa.string(),
        "mode": pa.string(),
        "fallback": pa.bool_(),
        "error": pa.string(),
    }


def _told(reply: DecisionReply | ErrorReply) -> dict[str, Any]:
    if isinstance(reply, ErrorReply):
        return {"error": f"{reply.error.field}: {reply.error.message}"}
    return {
        "decision_id": reply.decision_id,
        "chosen": reply.chosen.id,
        "kind": reply.chosen.kind,
        "propensity": reply.propensity,
        "ranked": [each.id for each in reply.ranked],
        "probabilities": [each.probability for each in reply.ranked],
        "why": reply.why,
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


def _pyarrow() -> Any:  # noqa: ANN401 it ships no types, and may be absent
    try:
        import_module("pyarrow.ipc")
        return import_module("pyarrow")
    except ModuleNotFoundError as error:
        message = "this server has no pyarrow to read it with"
        remedy = "send JSON lines, or: pip install pyarrow"
        raise RequestError(415, "content-type", message, remedy) from error
