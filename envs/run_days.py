"""Every centre-day of a block of sites, run to its end under one policy: the loop of judging."""

from collections.abc import Callable, Iterator

from envs.config import CentreConfig
from envs.day_blocks import Step, day_blocks, play_block
from nba.listen.objective import Objective
from nba.types import Policy

Progress = Callable[[int], None]


def run_days(
    policy: Policy,
    config: CentreConfig,
    *,
    n_days: int,
    seed: int,
    objective: Objective | None = None,
    progress: Progress | None = None,
) -> Iterator[Step]:
    """The steps of `n_days` centre-days, one site and day each, in blocks that fit into memory.

    `progress` is called with the number of days that have just ended.
    """
    for block in day_blocks(config, sites=n_days, days=1):
        for step in play_block(policy, config, block, seed=seed, objective=objective):
            yield step
            if progress is not None and step.ended.any():
                progress(int(step.ended.sum()))
