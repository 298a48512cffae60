"""Bytes → decision → bytes in one process, whole and by stage: the least of many repetitions."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from experiments.benchmark.rows import Row
from experiments.benchmark.serve.work import work_with
from experiments.benchmark.serve.workloads import Workload, bodies, policy_file
from serving.journal.records import encode_record, reply_of

_REPEATS: Final = 300
_JSON: Final = msgspec.json.Encoder()


def stage_rows(*, quick: bool = False) -> list[Row]:
    """Microseconds by stage for each workload; the journal's record is beside the whole."""
    sizes = (20,) if quick else (5, 20, 200)
    specs = ("small",) if quick else ("small", "full")
    return [row for spec in specs for n in sizes for row in _stages(Workload(spec, n))]


def _stages(workload: Workload) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="nba-bench-") as name:
        policy = policy_file(workload.spec, Path(name))
        work = work_with(policy)
    body = bodies(workload, 1)[0]
    asked = work.read(body)
    record = work.decide(asked)
    reply = reply_of(record)
    stages: dict[str, Callable[[], object]] = {
        "bytes to bytes": lambda: work.answer(body),
        "read and encode": lambda: work.read(body),
        "score, draw, explain": lambda: work.decide(asked),
        "reply": lambda: reply_of(record),
        "encode reply": lambda: _JSON.encode(reply),
        "journal record": lambda: encode_record(record),
    }
    settings = f"{workload.name}, body {len(body):,} bytes, least of {_REPEATS}"
    return [Row(stage, least_us(work), "us", settings) for stage, work in stages.items()]


def least_us(work: Callable[[], object]) -> float:
    """The shortest time of one call: what the machine does meanwhile only makes it longer."""
    best = float("inf")
    for _ in range(_REPEATS):
        start = time.perf_counter_ns()
        work()
        best = min(best, time.perf_counter_ns() - start)
    return best / 1e3
