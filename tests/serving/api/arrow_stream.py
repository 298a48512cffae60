"""Requests and replies as streams of Arrow."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from tests.serving.asgi import Desk

KIND = (b"content-type", b"application/vnd.apache.arrow.stream")


def stream(rows: Sequence[dict[str, Any]]) -> bytes:
    """The stream of these objects."""
    return as_stream(pa.Table.from_pylist(list(rows)))


def as_stream(table: pa.Table) -> bytes:
    """The stream of a table."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as written:
        written.write_table(table)
    return bytes(sink.getvalue())


def ask(counter: Desk, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The reply to each of these requests."""
    return ask_raw(counter, stream(rows))


def ask_raw(counter: Desk, body: bytes) -> list[dict[str, Any]]:
    """The reply to each request of a stream."""
    status, headers, answer = counter.send_raw("/v1/decisions:batch", body, KIND)
    assert status == 200, answer
    assert headers["content-type"] == KIND[1].decode()
    return list(pa.ipc.open_stream(answer).read_all().to_pylist())
