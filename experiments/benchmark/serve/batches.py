"""Decisions a CPU-second of many requests at once, in process and with the journal."""

import asyncio
import io
import json
import tempfile
import time
from collections.abc import Sequence
from contextlib import redirect_stderr
from pathlib import Path
from typing import Final

from experiments.benchmark.rows import Row
from experiments.benchmark.serve.workloads import Workload, bodies, policy_file
from serving.api.batch import decide_many
from serving.call import Call
from serving.journal.journal import Journal
from serving.new_ids import NewIds
from serving.policies.store import PolicyStore
from serving.server import Server
from serving.settings import settings_from

_LINES: Final = "application/x-ndjson"
_ARROW: Final = "application/vnd.apache.arrow.stream"
_REPEATS: Final = 20
_ROWS: Final = 5_000  # of Arrow
_DIFFERENT: Final = 1_000  # requests; of JSON lines all of them


def batch_rows(*, quick: bool = False) -> list[Row]:
    """Batches of JSON lines, and of Arrow with ids made by the server and by the caller."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

    specs = ("small",) if quick else ("small", "full")
    with threadpool_limits(1):  # threads that wait for each other would be counted too
        return [row for spec in specs for row in _batches(Workload(spec, 20))]


def _batches(workload: Workload) -> list[Row]:
    requests = [json.loads(body) for body in bodies(workload, _DIFFERENT)]
    many = requests * (_ROWS // len(requests))
    lines = b"\n".join(json.dumps(each, separators=(",", ":")).encode() for each in requests)
    named = [_stream(_named(many, number)) for number in range(_REPEATS)]
    sorts: dict[str, tuple[str, int, Sequence[bytes]]] = {
        "batch of JSON lines": (_LINES, len(requests), [lines] * _REPEATS),
        "batch of Arrow": (_ARROW, len(many), [_stream(many)] * _REPEATS),
        "batch of Arrow, the caller's ids": (_ARROW, len(many), named),
    }
    settings = f"{workload.name}, CPU time, journal with os, the best of {_REPEATS}"
    return [
        Row(name, rows / _least_s(workload, kind, sent, rows), "1/s", f"{rows:,} {settings}")
        for name, (kind, rows, sent) in sorts.items()
    ]


def _named(requests: list[dict[str, object]], number: int) -> list[dict[str, object]]:
    return [{**each, "decision_id": f"batch-{number}-{i:09}"} for i, each in enumerate(requests)]


def _stream(requests: list[dict[str, object]]) -> bytes:
    import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types

    table = pa.Table.from_pylist(requests)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _least_s(workload: Workload, kind: str, sent: Sequence[bytes], rows: int) -> float:
    """CPU-seconds of the quickest of these batches of so many rows, all of them decided."""
    with tempfile.TemporaryDirectory(prefix="nba-bench-") as name:
        folder = Path(name) / "journal"
        given = {"journal": folder, "durability": "os", "max_waiting": 4 * _ROWS}
        settings = settings_from({}, given=given)
        store = PolicyStore(
            policy_file(workload.spec, Path(name)), occupancy_cap=settings.occupancy_cap
        )
        journal = Journal(
            folder,
            durability="os",
            segment_bytes=settings.segment_bytes,
            max_waiting=settings.max_waiting,
        )
        server = Server(store, journal, settings, clock=time.time, new_id=NewIds())
        try:
            with redirect_stderr(io.StringIO()):
                least = asyncio.run(_least_of(server, kind, sent))
            decided = journal.table.decisions
            assert decided == rows * len(sent), f"only {decided} decisions were journalled"
            return least
        finally:
            journal.close()


async def _least_of(server: Server, kind: str, sent: Sequence[bytes]) -> float:
    best = float("inf")
    for body in sent:
        start = time.process_time()
        await decide_many(server, Call(body, headers={b"content-type": kind.encode()}))
        best = min(best, time.process_time() - start)
    return best
