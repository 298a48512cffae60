"""The same sums on many machines: Ray Data hands out the row groups, each adds up its own.

Nothing is fitted and nothing is shuffled: sums are merged in the order of the shards, so the
result is that of one process.
"""

import logging
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Literal

from nba.errors import InputError
from nba.evaluate.comparison import Comparison
from nba.evaluate.stream import LogColumns, Shard, list_shards, stream_columns, sum_shard
from nba.terminal import progress

Engine = Literal["local", "ray"]
ENGINES: Final[tuple[Engine, ...]] = ("local", "ray")
_TASKS_PER_CPU: Final = 4  # so that a slow shard does not leave the others waiting


def evaluate_columns(path: Path | str, columns: LogColumns, *, engine: Engine) -> Comparison:
    """The sums of every policy in a Parquet log, in this process or on Ray's machines.

    With Ray every machine must see the files under the same path. A running Ray is used, else one
    is started on this machine and stopped again. Raises LogError as `stream_columns` does.
    """
    if engine == "local":
        return stream_columns(path, columns)
    if engine != "ray":
        raise InputError(f"engine is {engine!r}; use one of {', '.join(ENGINES)}")
    shards = list_shards(path, columns)
    import ray

    started = not ray.is_initialized()
    if started:
        start_ray()
    try:
        return _sum_on_ray(shards, columns)
    finally:
        if started:
            ray.shutdown()


def start_ray(n_cpus: int | None = None) -> None:
    """Start Ray on this machine, without its web page and its messages."""
    import ray

    ray.init(
        num_cpus=n_cpus, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR
    )


def _sum_on_ray(shards: Sequence[Shard], columns: LogColumns) -> Comparison:
    import ray
    import ray.data

    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.execution_options.preserve_order = True
    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]  # ray's
    n_tasks = min(len(shards), _TASKS_PER_CPU * max(1, int(resources["CPU"])))
    numbers = ray.data.range(len(shards), override_num_blocks=n_tasks)
    summed = numbers.map_batches(_summer(shards, columns), batch_size=None)
    found = Comparison()
    with progress("shards", len(shards)) as advance:
        for row in summed.iter_rows():
            part, fault = pickle.loads(row["sums"])  # noqa: S301  # written by our own tasks
            if fault is not None:
                raise fault
            found.merge(part)
            advance(int(row["shards"]))
    return found


def _summer(
    shards: Sequence[Shard], columns: LogColumns
) -> Callable[[dict[str, Any]], dict[str, list[object]]]:
    """What a task does with the numbers of some shards: one row with their sums, or the fault."""

    def add_up(batch: dict[str, Any]) -> dict[str, list[object]]:
        places = [int(place) for place in batch["id"]]
        found: tuple[Comparison | None, InputError | None]
        try:
            part = Comparison()
            for place in places:
                part.merge(sum_shard(shards[place], columns))
            found = part, None
        except InputError as error:  # told to the caller as it is, not as a failed task
            found = None, error
        return {"sums": [pickle.dumps(found)], "shards": [len(places)]}

    return add_up
