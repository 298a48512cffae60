"""A decision log seen as a flat one: what can be told without features is told in one place."""

from dataclasses import replace

import numpy as np

from nba.evaluate.check import LogCheck, check_log
from nba.evaluate.flat_check import FlatCheck
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


def check_decisions(log: DecisionLog) -> LogCheck:
    """The check of a decision log, with what its times and its mean weight tell besides."""
    found = check_log(log)
    if not found.usable:
        return found
    seen = FlatCheck()
    seen.update(flat_view(log))
    more = [note for note in seen.result().notes if "order of time" not in note]
    return replace(found, notes=(*found.notes, *more))
