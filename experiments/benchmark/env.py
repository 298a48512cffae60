"""How fast the simulated centre steps, observation and mask written every step."""

from dataclasses import replace
from typing import Final

import numpy as np

from envs.presets import preset
from envs.vector import ContactCentreVector
from experiments.benchmark.rows import Row, median_rate

_SIZES: Final = ((20, 1), (20, 64), (20, 256), (200, 64))


def rows() -> list[Row]:
    """Steps per second by employees K and centres B, under random legal actions."""
    return [
        Row("steps", _rate(employees, centres), "1/s", f"K={employees} B={centres}, one thread")
        for employees, centres in _SIZES
    ]


def _rate(employees: int, centres: int) -> float:
    bank = preset("bank")
    scale = employees / bank.n_employees
    config = replace(bank, n_employees=employees, contacts_per_day=bank.contacts_per_day * scale)
    vector = ContactCentreVector(config, centres, seed=0, stagger=True)
    vector.reset()
    generator = np.random.default_rng(0)
    steps = max(50, 20_000 // centres)
    # Drawn before the clock runs: the figure is the environment's, not the generator's.
    luck = generator.random((steps, *vector.observe()[2].shape), dtype=np.float32)

    def work() -> int:
        for step in range(steps):
            vector.step(np.argmax(luck[step] * vector.observe()[2], axis=1))
        return steps * centres

    return median_rate(work)
