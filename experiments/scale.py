"""The same sums on many machines: Ray Data hands out the row groups, each adds up its own.

Nothing is fitted and nothing is shuffled: sums are merged in the order of the shards, so the
result is that of one process.
"""

import logging
import pickle
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from nba.errors import InputError
from nba.evaluate.comparison import Comparison
from nba.evaluate.decision_evaluation import Part, RunParts, one_by_one
from nba.evaluate.stream import LogColumns, Shard, list_shards, stream_columns, sum_shard
from nba.terminal import progress

Engine = Literal["local", "ray"]
Sums = TypeVar("Sums")
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
    with ray_up():
        return _sum_on_ray(shards, columns)


@contextmanager
def parts_on(engine: str) -> Iterator[RunParts]:
    """What runs a function on the parts of a decision log, here or as tasks on Ray's machines.

    Results come in the order of the parts, so that sums are those of one process.
    """
    if engine == "local":
        yield one_by_one
        return
    if engine != "ray":
        raise InputError(f"engine is {engine!r}; use one of {', '.join(ENGINES)}")
    with ray_up():
        yield _run_on_ray


@contextmanager
def ray_up() -> Iterator[None]:
    """A running Ray, or one on this machine that is stopped again."""
    import ray

    started = not ray.is_initialized()
    if started:
        start_ray()
    try:
        yield
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


def _run_on_ray(work: Callable[[Part], Sums], parts: Sequence[Part]) -> Iterator[Sums]:
    """One task per part; only so many are under way that their results fit beside each other."""
    import ray

    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]  # ray's
    at_once = 2 * max(1, int(resources["CPU"]))
    told = ray.put(work)
    task: Any = ray.remote(_told)
    under_way: deque[Any] = deque()
    for part in [*parts, *[None] * at_once]:
        if part is not None:
            under_way.append(task.remote(told, part))
        if under_way and (part is None or len(under_way) >= at_once):
            found, fault = ray.get(under_way.popleft())
            if fault is not None:
                raise fault
            yield found


def _told(work: Callable[[Part], Sums], part: Part) -> tuple[Sums | None, InputError | None]:
    try:
        return work(part), None
    except InputError as error:  # told to the caller as it is, not as a failed task
        return None, error


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
