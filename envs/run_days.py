"""Every centre-day of a block, run to its end under one policy: the loop of judging and logging."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from envs.config import CentreConfig
from envs.vector import ContactCentreVector
from nba.act.decide import draw
from nba.listen.objective import Objective
from nba.seeding import keyed_uniforms
from nba.types import Bools, Floats, Ints, Policy

# One salt for every policy: paired runs share the luck of the draw as well.
_DRAW_SALT: Final = 17
CHUNK: Final = 64  # centres side by side

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a block: what was chosen where, and which days it ended."""

    vector: ContactCentreVector
    first_site: int
    active: Bools  # (B,) centres whose day was running before the step
    chosen: Ints  # (B,)
    propensity: Floats  # (B,)
    reward: Floats  # (B,) EUR
    ended: Bools  # (B,) centres whose day this step ended


def run_days(
    policy: Policy,
    config: CentreConfig,
    *,
    n_days: int,
    seed: int,
    objective: Objective | None = None,
    log: bool = False,
    before_step: Callable[[ContactCentreVector, int, Bools, Ints, Floats], None] | None = None,
    progress: Progress | None = None,
) -> Iterator[Step]:
    """The steps of `n_days` centre-days, in chunks of centres; one site and day each.

    `before_step` sees observation and choice together, before the step rewrites the observation.
    `progress` is called with the number of days that have just ended.
    """
    for first in range(0, n_days, CHUNK):
        n = min(CHUNK, n_days - first)
        vector = ContactCentreVector(
            config, n, seed, objective=objective, first_site=first, log=log
        )
        vector.reset()
        active = np.ones(n, dtype=np.bool_)
        while active.any():
            probabilities = policy.batch_probabilities(*vector.observe())
            chosen, propensity = draw(probabilities, keyed_uniforms(vector.keys, _DRAW_SALT))
            if before_step is not None:
                before_step(vector, first, active, chosen, propensity)
            reward, _, done = vector.step(chosen)
            ended = done & active
            yield Step(vector, first, active, chosen, propensity, reward, ended)
            active = active & ~done
            if progress is not None and ended.any():
                progress(int(ended.sum()))
