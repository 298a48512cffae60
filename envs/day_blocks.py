"""Which centre-days are simulated side by side, and the loop that plays such a block to its end.

A centre-day is a site and a working day. A site's roster, and a day's customers and luck, depend
on the seed, the site and the day alone, so any block can be played by itself: before or after the
others, or again after a kill. Site s starts on working day s, so that weekdays are spread.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from envs.baselines.true_greedy import bound
from envs.config import CentreConfig
from envs.records import column
from envs.state import FIRST_EMPLOYEE
from envs.vector import ContactCentreVector
from nba.act.decide import draw
from nba.errors import InputError
from nba.listen.objective import Objective
from nba.seeding import keyed_uniforms
from nba.types import Bools, Floats, Ints, Policy

# Offered actions of a block, about: 20 columns of 4 bytes make 160 MB of them, the most that a
# block of several centres may fill. One day of a large centre is never split.
_BLOCK_ACTIONS: Final = 2_000_000
_DECISIONS_PER_CONTACT: Final = 1.3  # repeats and escalations, about

# One salt for every policy: paired runs share the luck of the draw as well.
DRAW_SALT: Final = 17
CHUNK: Final = 64  # centres side by side

BeforeStep = Callable[[ContactCentreVector, Bools, Ints, Floats], None]


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


@dataclass(frozen=True, slots=True)
class DayBlock:
    """Centre-days side by side: consecutive days of one site, or one day each of more sites."""

    first_site: int
    first_day: int  # working day of the first centre; each following centre is one day later
    n: int
    one_site: bool

    @property
    def sites(self) -> Ints:
        """The site of each centre, (n,)."""
        return self.first_site + np.zeros(self.n, np.int64) if self.one_site else self._rising

    @property
    def days(self) -> Ints:
        """The working day of each centre, (n,)."""
        return np.arange(self.first_day, self.first_day + self.n)

    @property
    def _rising(self) -> Ints:
        return np.arange(self.first_site, self.first_site + self.n)


def day_blocks(config: CentreConfig, *, sites: int, days: int) -> list[DayBlock]:
    """Every day of every site once, in blocks that fit into memory; the order of the log's parts.

    As many days as sites or more: site by site. Otherwise: day by day.
    """
    size = block_size(config)
    if days >= sites:
        return [
            DayBlock(site, site + first, min(size, days - first), one_site=True)
            for site in range(sites)
            for first in range(0, days, size)
        ]
    return [
        DayBlock(first, first + day, min(size, sites - first), one_site=False)
        for day in range(days)
        for first in range(0, sites, size)
    ]


def block_size(config: CentreConfig) -> int:
    """How many centre-days of this size are played side by side."""
    decisions = config.contacts_per_day * _DECISIONS_PER_CONTACT
    most = _BLOCK_ACTIONS / (decisions * (FIRST_EMPLOYEE + config.n_employees))
    return max(1, min(CHUNK, int(most)))


def play_block(
    policy: Policy,
    config: CentreConfig,
    block: DayBlock,
    *,
    seed: int,
    objective: Objective | None = None,
    log: bool = False,
    before_step: BeforeStep | None = None,
) -> Iterator[Step]:
    """The steps of a block until its last day has ended.

    `before_step` sees observation and choice together, before the step rewrites the observation.
    Raises InputError for a centre so small that a day has no contact.
    """
    vector = _opened(config, block, seed, objective, log=log)
    policy = bound(policy, vector.true_values)
    active = np.ones(block.n, dtype=np.bool_)
    while active.any():
        probabilities = policy.batch_probabilities(*vector.observe())
        chosen, propensity = draw(probabilities, keyed_uniforms(vector.keys, DRAW_SALT))
        if before_step is not None:
            before_step(vector, active, chosen, propensity)
        reward, _, done = vector.step(chosen)
        yield Step(vector, block.first_site, active, chosen, propensity, reward, done & active)
        active = active & ~done


def _opened(
    config: CentreConfig, block: DayBlock, seed: int, objective: Objective | None, *, log: bool
) -> ContactCentreVector:
    """The block's centres at the first contact of their days."""
    vector = ContactCentreVector(
        config,
        block.n,
        seed,
        objective=objective,
        sites=block.sites.tolist(),
        days=block.days.tolist(),
        log=log,
    )
    vector.reset()
    skipped = column(vector.state.centre, "day") != block.days
    if skipped.any():
        b = int(np.flatnonzero(skipped)[0])
        raise InputError(
            f"site {block.sites[b]} has no contact on working day {block.days[b]}; raise "
            f"contacts_per_day, which is {config.contacts_per_day:g}"
        )
    return vector
