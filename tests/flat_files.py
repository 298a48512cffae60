"""Small flat logs as files, with one thing wrong where a test wants it."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types

Rows = list[dict[str, object]]


def flat_rows(n: int = 400, *, seed: int = 1, lift: float = 0.0) -> Rows:
    """Decisions between a (probability .25) and b; the target takes a in half of them.

    `lift` is what a earns more than b.
    """
    rng = np.random.default_rng(seed)
    taken = rng.random(n) < 0.25
    reward = 1.0 + lift * taken + rng.normal(0.0, 0.5, n)
    return [
        {
            "event_id": f"d{i}",
            "customer": f"c{i}",
            "time": f"2026-01-01T00:{i // 60 % 60:02d}:{i % 60:02d}Z",
            "arm": "a" if taken[i] else "b",
            "pscore": 0.25 if taken[i] else 0.75,
            "reward": round(float(reward[i]), 6),
            "target_prob": 0.5,
            "tier": "high" if i % 3 else "low",
        }
        for i in range(n)
    ]


def write_csv(path: Path, rows: Rows) -> Path:
    """The rows as CSV with a header; None is an empty cell."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_jsonl(path: Path, rows: Rows) -> Path:
    """The rows as JSON Lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def write_parquet(path: Path, rows: Rows) -> Path:
    """The rows as a Parquet file of three row groups."""
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=max(1, len(rows) // 3))
    return path


WRITERS = {".csv": write_csv, ".jsonl": write_jsonl, ".parquet": write_parquet}


def spoil(rows: Rows, name: str, places: Sequence[int], value: object) -> Rows:
    """The rows with another value in one column of some of them."""
    return [{**row, name: value} if i in places else row for i, row in enumerate(rows)]
