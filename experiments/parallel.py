"""Simulations side by side in worker processes; what comes out does not depend on how many."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

from threadpoolctl import (  # type: ignore[import-untyped]  # it ships no types
    threadpool_limits,
)

from envs.config import CentreConfig
from envs.evaluate_days import DayTable, simulate
from nba.types import Policy


@contextmanager
def workers() -> Iterator[ProcessPoolExecutor]:
    """A pool with one process per core, each with single-threaded algebra."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(os.cpu_count() or 1, mp_context=context, initializer=_one_thread)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def simulate_all(
    pool: ProcessPoolExecutor,
    policies: Sequence[Policy],
    config: CentreConfig,
    *,
    n_days: int,
    seed: int,
    progress: Callable[[int], None] | None = None,
) -> list[DayTable]:
    """A table per policy, in their order, all over the same days; progress counts policies."""
    futures = [pool.submit(_simulate, policy, config, n_days, seed) for policy in policies]
    if progress is not None:
        for future in futures:
            future.add_done_callback(lambda _: progress(1))
    return [future.result() for future in futures]


def _simulate(policy: Policy, config: CentreConfig, n_days: int, seed: int) -> DayTable:
    return simulate(policy, config, n_days=n_days, seed=seed)


def _one_thread() -> None:
    # Small matrices lose more to threads than they gain: 20 times, where two share two cores.
    threadpool_limits(1)
