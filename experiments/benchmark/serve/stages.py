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
    usual = work.served.usual
    whole: dict[str, Callable[[], object]] = {
        "bytes to bytes": lambda: work.answer(body),
        "bytes to bytes, the long way": lambda: work.long_way(body),
        "long way: read and encode": lambda: work.read(body),
        "long way: score, draw, explain": lambda: work.decide(asked),
        "long way: reply": lambda: _JSON.encode(reply_of(record)),
        "long way: journal record": lambda: encode_record(record),
    }
    if usual is not None:
        reader, decision = usual
        assert reader.read(body, work.max_actions)
        whole |= {
            "read and encode": lambda: reader.read(body, work.max_actions),
            "score, draw, explain, reply, record": lambda: decision.decide("d-1", 1.0),
        }
    settings = f"{workload.name}, body {len(body):,} bytes, least of {_REPEATS}"
    return [Row(stage, least_us(step), "us", settings) for stage, step in whole.items()]


def least_us(work: Callable[[], object]) -> float:
    """The shortest time of one call: what the machine does meanwhile only makes it longer."""
    best = float("inf")
    for _ in range(_REPEATS):
        start = time.perf_counter_ns()
        work()
        best = min(best, time.perf_counter_ns() - start)
    return best / 1e3
