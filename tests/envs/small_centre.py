"""Small centres of every preset and scenario, and centres run under random legal actions."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from envs.config import CentreConfig
from envs.presets import preset
from envs.records import column
from envs.scenarios import scenario
from envs.vector import ContactCentreVector
from nba.types import Floats, Ints

PRESETS = ("bank", "telecom", "retail", "bank-2003")
SCENARIOS = ("normal", "peak", "shortage", "bot_outage", "drift", "new_roster")


def small(preset_name: str, scenario_name: str = "normal", *, load: float = 1.0) -> CentreConfig:
    """A preset's people and customers in a centre of ten with a day of eight hours."""
    whole = preset(preset_name)
    config = scenario(whole, scenario_name)
    share = 10 / whole.n_employees
    return replace(
        config,
        n_employees=max(1, round(config.n_employees * share)),
        contacts_per_day=config.contacts_per_day * share * load * 8 / config.profile_hours,
        profile=(1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 1.5, 1.0),
        profile_hours=8.0,
    )


def started(
    config: CentreConfig, n: int, seed: int, *, log: bool = False, threads: int = 1
) -> ContactCentreVector:
    vector = ContactCentreVector(config, n, seed, log=log, threads=threads)
    vector.reset()
    return vector


def random_legal(vector: ContactCentreVector, generator: np.random.Generator) -> Ints:
    mask = vector.observe()[2]
    return np.asarray(np.argmax(generator.random(mask.shape) * mask, axis=1))


def one_day(
    vector: ContactCentreVector, seed: int = 0
) -> Iterator[tuple[Ints, Floats, Floats, np.ndarray[tuple[int], np.dtype[np.bool_]]]]:
    """Random legal steps until the first day of centre 0 ends: chosen, reward, dt, done."""
    generator = np.random.default_rng(seed)
    while True:
        chosen = random_legal(vector, generator)
        reward, dt, done = vector.step(chosen)
        yield chosen, reward, dt, done
        if done[0]:
            return


def centre(vector: ContactCentreVector, name: str) -> Floats:
    """A column of the centres as numbers, (B,)."""
    return column(vector.state.centre, name).astype(np.float64)


def pending(vector: ContactCentreVector, name: str) -> Floats:
    """A column of the customers who need an action, (B,) or (B, n)."""
    slots = column(vector.state.centre, "pending").astype(int)
    rows = column(vector.state.customer, name)
    return np.asarray(rows[np.arange(vector.n_centres), slots], dtype=np.float64)


def desks(vector: ContactCentreVector, name: str) -> Floats:
    """A column of the employees, (B, K)."""
    return column(vector.state.desk, name)[:, :-1].astype(np.float64)
