"""The target policy's probability of every logged action, in batches without padding."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from nba.errors import InputError
from nba.listen.blocks import Block, padded_blocks
from nba.types import DecisionLog, Floats, Policy

_WORTH_SORTING: Final = 64  # rows per size of action set; with fewer, one padded block is quicker


def target_probabilities(policy: Policy, log: DecisionLog, batch: int = 1024) -> Floats:
    """The policy's probabilities of all logged actions, (m,), in the log's flat order.

    Rows go through the policy's batch form. Raises InputError if the policy gives something else
    than a distribution over a row's actions.
    """
    target = np.empty(len(log.actions))
    for block in scoring_blocks(log, size=batch):
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


def scoring_blocks(log: DecisionLog, *, size: int) -> Iterator[Block]:
    """The log's rows in blocks of at most `size` whose rows have equally many actions.

    Where few rows share a number of actions the blocks are padded instead.
    """
    k = np.diff(log.offsets)
    sizes = np.unique(k)
    if len(log) < _WORTH_SORTING * len(sizes):
        yield from padded_blocks(log, size=size)
        return
    for n_actions in sizes.tolist():
        rows = np.flatnonzero(k == n_actions)
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            flat = (log.offsets[part][:, None] + np.arange(n_actions)).ravel()
            whole = slice(int(flat[0]), int(flat[-1]) + 1)
            # Neighbours are read where they lie; only rows that lie apart are copied.
            together = whole.stop - whole.start == len(flat)
            actions = log.actions[whole] if together else log.actions[flat]
            shape = (len(part), n_actions)
            mask = np.ones(shape, dtype=np.bool_)
            yield Block(part, log.context[part], actions.reshape(*shape, -1), mask, flat)
