"""A decision log seen as a flat one: what can be told without features is told in one place."""

import numpy as np

from nba.listen.blocks import chosen_flat
from nba.listen.flat_log import FlatLog
from nba.types import DecisionLog


def flat_view(log: DecisionLog) -> FlatLog:
    """The chosen actions of a log with propensities and rewards; its `chosen` has to be sound."""
    return FlatLog(
        action=log.action_ids[chosen_flat(log)],
        propensity=log.propensity,
        reward=log.reward,
        unit=log.unit,
        at=log.at,
        n_actions=np.diff(log.offsets),
        segments=log.segments,
    )
