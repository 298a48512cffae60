"""How fast the simulated centre steps, observation and mask written every step.

Peers: SimPy and Ciw on the plain queue M/M/20, for scale; `make bench` brings them.
"""

import time
from dataclasses import replace
from typing import Final

import gymnasium
import numpy as np

from envs.config import CentreConfig
from envs.presets import preset
from envs.registration import register
from envs.state import QUEUE
from envs.vector import ContactCentreVector
from experiments.benchmark import plain_queue
from experiments.benchmark.rows import Row, median_rate
from nba.types import Bools, Ints

_SIZES: Final = (
    (20, 1, 1), (20, 64, 1), (20, 256, 1), (20, 256, 2),
    (200, 1, 1), (200, 64, 1), (200, 256, 1), (200, 256, 2),
)  # fmt: skip


def rows() -> list[Row]:
    """Steps per second by employees K, centres B and threads, under random legal actions."""
    measured = [
        Row("steps", _rate(k, b, threads), "1/s", f"K={k} B={b}, {_threads(threads)}")
        for k, b, threads in _SIZES
    ]
    measured.append(Row("steps", _gymnasium_rate(), "1/s", "K=20, one Gymnasium environment"))
    measured.append(_share_of_training())
    return measured + plain_queue.rows()


def _threads(number: int) -> str:
    return "one thread" if number == 1 else f"{number} threads"


def sized(employees: int) -> CentreConfig:
    """The bank with this many employees, at the same load on each."""
    bank = preset("bank")
    load = bank.contacts_per_day * employees / bank.n_employees
    return replace(bank, n_employees=employees, contacts_per_day=load)


def _rate(employees: int, centres: int, threads: int) -> float:
    vector = ContactCentreVector(sized(employees), centres, 0, stagger=True, threads=threads)
    vector.reset()
    generator = np.random.default_rng(0)
    steps = max(50, 20_000 // centres)
    spent = 0.0

    def work() -> int:
        """Choosing is not the environment's work: only the steps are timed."""
        nonlocal spent
        spent = 0.0
        for _ in range(steps):
            chosen = _legal(vector.observe()[2], generator)
            start = time.perf_counter()
            vector.step(chosen)
            spent += time.perf_counter() - start
        return steps * centres

    return median_rate(work, seconds=lambda: spent)


def _legal(mask: Bools, generator: np.random.Generator) -> Ints:
    """The first legal action from a random place on, (B,); it reads little, to leave the caches."""
    chosen = generator.integers(mask.shape[1], size=len(mask))
    for b, row in enumerate(mask):
        while not row[chosen[b]]:
            chosen[b] = (chosen[b] + 1) % len(row)
    return chosen


def _gymnasium_rate() -> float:
    register()
    environment = gymnasium.make("nba/ContactCentre-v0", config=sized(20), disable_env_checker=True)
    environment.reset(seed=0)
    bare = environment.unwrapped

    def work() -> int:
        for _ in range(5000):
            if bare.step(np.int64(QUEUE))[3]:
                bare.reset()
        return 5000

    return median_rate(work)


def _share_of_training() -> Row:
    """The environment's share of the time that MaskablePPO needs for a decision."""
    from experiments.benchmark.training import environment_share

    return Row("share of training", environment_share() * 100.0, "%", "MaskablePPO, bank.toml")
