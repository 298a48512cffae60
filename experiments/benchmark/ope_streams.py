"""How fast a log streams from Parquet, and how fast an action-scoring policy is judged."""

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types

from experiments.benchmark.peer_obp import peak_bytes, reset_peak, seconds
from experiments.benchmark.rows import ROUNDS, Row
from experiments.benchmark.score import benchmark_scorer
from nba.evaluate.buckets import row_buckets
from nba.evaluate.rows import WeightedRows, log_rows
from nba.evaluate.stats import Statistics
from nba.evaluate.stream import LogColumns, stream_columns
from nba.evaluate.streamed_rewards import StreamedRewards, basis_of
from nba.evaluate.target import target_probabilities
from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import DecisionLog

STREAMED: Final = 10_000_000
GENERATED: Final = 100_000_000
_SCORED: Final = 50_000
_ACTIONS: Final = 20
_PART: Final = 1_000_000
COLUMNS: Final = LogColumns(
    {"new": "target"}, unit="unit", predicted="predicted", values={"new": "value"}
)


def stream_rows(streamed: int = STREAMED, scored: int = _SCORED) -> list[Row]:
    """Rows per second from Parquet with its memory, decisions scored and judged per second."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.parquet"
        write_rows(path, streamed)
        reset_peak()
        taken = seconds(lambda: stream_columns(path, COLUMNS), 3)
        peak = peak_bytes()
    reset_peak()
    start = time.process_time()
    sum_generated(GENERATED)
    generated, flat = time.process_time() - start, peak_bytes()
    made = f"{GENERATED:,} rows made and summed part by part, one thread"
    settings = f"{streamed:,} rows of Parquet, every estimator, customers hashed, one thread"
    return [
        Row("rows streamed", streamed / median(taken), "1/s", settings),
        Row("peak memory", peak / 1e6, "MB", settings),
        Row("rows generated", GENERATED / generated, "1/s", made),
        Row("peak memory", flat / 1e6, "MB", made),
        Row(
            "decisions judged",
            scoring_rate(scored),
            "1/s",
            f"A={_ACTIONS}, action scorer, scored and summed, one thread",
        ),
        Row(
            "decisions judged",
            model_rate(scored),
            "1/s",
            f"A={_ACTIONS}, action scorer and cross-fitted reward model, one thread",
        ),
    ]


def write_rows(path: Path, n: int) -> None:
    """A log of n rows whose target's propensities are known, written part by part."""
    rng = np.random.default_rng(0)
    writer = None
    for start in range(0, n, _PART):
        size = min(_PART, n - start)
        customer = rng.integers(0, max(1, n // 3), size)
        table = pa.table(
            {
                "unit": pa.array(np.char.add("customer-", customer.astype(str))),
                "propensity": rng.uniform(0.02, 1.0, size),
                "target": rng.random(size),
                "reward": rng.normal(3.0, 1.0, size),
                "predicted": rng.random(size),
                "value": rng.random(size),
            }
        )
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table, row_group_size=250_000)
    if writer is not None:
        writer.close()


def sum_generated(n: int, *, part: int = _PART) -> Statistics:
    """The sums of n rows that are drawn part by part and never stand together."""
    rng = np.random.default_rng(0)
    statistics = Statistics()
    for start in range(0, n, part):
        size = min(part, n - start)
        weight, reward, predicted, value = rng.random((4, size))
        bucket = row_buckets(size, first=start)
        statistics.add(WeightedRows(bucket, 2.0 * weight, reward, predicted, value))
    return statistics


def scoring_rate(n: int) -> float:
    """Decisions per second that a policy scores and whose sums are added up."""
    scorer = benchmark_scorer()
    log = _log(n)

    def work() -> None:
        statistics = Statistics()
        statistics.update(log, target_probabilities(scorer, log))

    return n / median(seconds(work, ROUNDS))


def model_rate(n: int) -> float:
    """The same with a reward model that is cross-fitted to these decisions and predicts them."""
    scorer = benchmark_scorer()
    log = _log(n)

    def work() -> None:
        model = StreamedRewards(basis_of([log]))
        model.add(log)
        statistics = Statistics()
        statistics.add(log_rows(log, target_probabilities(scorer, log), model.predict(log)))

    return n / median(seconds(work, ROUNDS))


def _log(n: int) -> DecisionLog:
    rng = np.random.default_rng(1)
    m = n * _ACTIONS
    d, p = len(CONTACT_CENTRE.context_names), len(CONTACT_CENTRE.action_names)
    actions = rng.random((m, p), dtype=np.float32)
    kinds = [i for i, name in enumerate(CONTACT_CENTRE.action_names) if name.startswith("kind=")]
    actions[:, kinds] = np.eye(len(kinds), dtype=np.float32)[rng.integers(0, len(kinds), m)]
    return DecisionLog(
        decision_id=np.array([f"decision-{i}" for i in range(n)], dtype=object),
        unit=np.array([f"customer-{i // 3}" for i in range(n)], dtype=object),
        at=np.arange(n, dtype=np.float64),
        context=rng.random((n, d), dtype=np.float32),
        offsets=np.arange(n + 1, dtype=np.int64) * _ACTIONS,
        action_ids=np.full(m, "action", dtype=object),
        actions=actions,
        chosen=rng.integers(0, _ACTIONS, n),
        propensity=np.full(n, 1 / _ACTIONS),
        policy_version=np.full(n, "1", dtype=object),
        outcomes={},
        reward=rng.random(n),
        context_names=CONTACT_CENTRE.context_names,
        action_names=CONTACT_CENTRE.action_names,
        spec_version=CONTACT_CENTRE.version,
    )
