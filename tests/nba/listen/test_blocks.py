"""Padded blocks: every action stands once in its place, the rest is zero and masked."""

import numpy as np
import pytest

from nba.listen.blocks import chosen_flat, padded_blocks
from tests.planted_log import draw_log, make_world

LOG = draw_log(make_world(np.random.default_rng(1)), 100, np.random.default_rng(2)).log


@pytest.mark.parametrize("size", [1, 7, 100, 4096])
def test_blocks_hold_every_action_once_in_flat_order(size: int) -> None:
    restored = np.full_like(LOG.actions, np.nan)
    rows = []
    for block in padded_blocks(LOG, size=size):
        assert len(block.rows) <= size
        restored[block.flat] = block.actions[block.mask]
        rows.append(block.rows)
        np.testing.assert_array_equal(block.context, LOG.context[block.rows])
        np.testing.assert_array_equal(block.mask.sum(axis=1), np.diff(LOG.offsets)[block.rows])
    np.testing.assert_array_equal(restored, LOG.actions)
    np.testing.assert_array_equal(np.concatenate(rows), np.arange(len(LOG)))


def test_padding_is_zero() -> None:
    block = next(padded_blocks(LOG))
    assert not block.mask.all()
    assert not block.actions[~block.mask].any()


def test_chosen_rows_come_in_the_order_asked_for() -> None:
    rows = np.array([42, 3, 17])
    block = next(padded_blocks(LOG, rows))
    np.testing.assert_array_equal(block.rows, rows)
    for i, row in enumerate(rows):
        mine = LOG.actions[LOG.offsets[row] : LOG.offsets[row + 1]]
        np.testing.assert_array_equal(block.actions[i, block.mask[i]], mine)


def test_chosen_flat_points_at_the_chosen_action() -> None:
    np.testing.assert_array_equal(chosen_flat(LOG) - LOG.offsets[:-1], LOG.chosen)
