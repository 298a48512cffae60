"""The target policy's probability of every logged action."""

import numpy as np

from nba.errors import InputError
from nba.listen.blocks import padded_blocks
from nba.types import DecisionLog, Floats, Policy


def target_probabilities(policy: Policy, log: DecisionLog, batch: int = 4096) -> Floats:
    """The policy's probabilities of all logged actions, (m,), in the log's flat order.

    Rows go through the policy's batch form in padded blocks. Raises InputError if the policy
    gives something else than a distribution over a row's actions.
    """
    target = np.empty(len(log.actions))
    for block in padded_blocks(log, size=batch):
        probabilities = policy.batch_probabilities(block.context, block.actions, block.mask)
        legal = np.where(block.mask, probabilities, 0.0)
        wrong = np.flatnonzero(~(np.abs(legal.sum(axis=1) - 1.0) <= 1e-6))
        if len(wrong):
            raise InputError(
                f"policy {policy.name!r} gives the eligible actions of row "
                f"{block.rows[wrong[0]]} a total probability of {legal[wrong[0]].sum():.6g}; "
                "it must be 1"
            )
        target[block.flat] = legal[block.mask]
    return target
