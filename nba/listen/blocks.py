"""A log's ragged action sets as padded blocks of rows: the shape that policies and models read."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nba.types import Bools, DecisionLog, Floats32, Ints


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows of a log, padded to their largest action set; padding is zero and masked."""

    rows: Ints  # (B,) row numbers in the log
    context: Floats32  # (B, d)
    actions: Floats32  # (B, A, p)
    mask: Bools  # (B, A)
    flat: Ints  # (mask.sum(),) where the actions of `mask` stand in the log's flat order


def padded_blocks(
    log: DecisionLog, rows: Ints | None = None, *, size: int = 4096
) -> Iterator[Block]:
    """The log, or only the given rows of it, in blocks of at most `size` rows."""
    wanted = np.arange(len(log), dtype=np.int64) if rows is None else rows
    for start in range(0, len(wanted), size):
        part = wanted[start : start + size]
        first = log.offsets[part]
        n_actions = log.offsets[part + 1] - first
        places = np.arange(int(n_actions.max()))
        mask = places < n_actions[:, None]
        flat = (first[:, None] + places)[mask]
        actions = np.zeros((*mask.shape, log.actions.shape[1]), dtype=np.float32)
        actions[mask] = log.actions[flat]
        yield Block(part, log.context[part], actions, mask, flat)


def chosen_flat(log: DecisionLog) -> Ints:
    """Where each row's chosen action stands in the log's flat order, (n,)."""
    return np.asarray(log.offsets[:-1] + log.chosen)
