"""Customers per second in the plain queue M/M/20: this simulator, SimPy and Ciw."""

import sys
from collections.abc import Generator
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

from envs.presets import preset
from envs.state import QUEUE
from envs.vector import ContactCentreVector
from experiments.benchmark.rows import Row, median_rate

_SERVERS: Final = 20
_RATE: Final = 0.09  # arrivals per second
_SERVICE_S: Final = 200.0
_SETTINGS: Final = "M/M/20 at 90 % load, one process"
_CUSTOMERS: Final = 20_000


def rows() -> list[Row]:
    """Our rate, and its ratio to each peer that is installed, measured in the same run."""
    ours = median_rate(_ours)
    measured = [Row("customers", ours, "1/s", _SETTINGS)]
    # In a folder of their own, not among the project's libraries: Ciw brings a package `tests`.
    sys.path.append(str(Path(sys.prefix) / "peers"))
    for name, work in (("simpy", _simpy), ("ciw", _ciw)):
        if find_spec(name) is None:
            measured.append(Row("customers", 0.0, "1/s", f"{name} is not installed", name))
            continue
        rate = median_rate(work, rounds=3)
        measured.append(Row("customers", rate, "1/s", f"{name}, {_SETTINGS}", name, ours / rate))
    return measured


def _ours() -> int:
    config = replace(
        preset("bank"), n_employees=_SERVERS, contacts_per_day=_RATE * 86_400.0, open_hour=0.0,
        overtime_s=0.0, profile=(1.0,) * 24, profile_hours=24.0, weekday_factors=(1.0,) * 5,
        day_cv=0.0, dispersion=1.0, service_mean_s=(_SERVICE_S,) * 4, patience_median_s=1e9,
        carry_over_share=0.0, recontact_share=0.0, voice_share=1.0, consent_share=0.0,
        exponential_times=True, all_day=True,
    )  # fmt: skip
    vector = ContactCentreVector(config, 8, 1)
    vector.reset()
    chosen = np.full(8, QUEUE)
    for _ in range(_CUSTOMERS // 8):
        vector.step(chosen)
    return _CUSTOMERS // 8 * 8


def _simpy() -> int:
    simpy = import_module("simpy")
    luck = np.random.default_rng(1)
    world = simpy.Environment()
    staff = simpy.Resource(world, _SERVERS)

    def customer() -> Generator[Any, None, None]:
        with staff.request() as place:
            yield place
            yield world.timeout(luck.exponential(_SERVICE_S))

    def arrivals() -> Generator[Any, None, None]:
        for _ in range(_CUSTOMERS):
            yield world.timeout(luck.exponential(1.0 / _RATE))
            world.process(customer())

    world.process(arrivals())
    world.run()
    return _CUSTOMERS


def _ciw() -> int:
    ciw = import_module("ciw")
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate=_RATE)],
        service_distributions=[ciw.dists.Exponential(rate=1.0 / _SERVICE_S)],
        number_of_servers=[_SERVERS],
    )
    ciw.seed(1)
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(_CUSTOMERS, method="Finish")
    return _CUSTOMERS
