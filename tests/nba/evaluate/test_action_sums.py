"""What log and target do with each action: shares, support, and sums that add up."""

from dataclasses import replace

import numpy as np
import pytest

from nba.evaluate.action_sums import ActionSums, unsupported_share
from tests.planted_log import draw_log, flat_of_rows, make_world, take_rows

WORLD = make_world(np.random.default_rng(1))


def test_parts_add_up_to_the_whole() -> None:
    planted = draw_log(WORLD, 900, np.random.default_rng(5))
    whole, merged = ActionSums.of(planted.log, planted.target), ActionSums()
    for rows in np.array_split(np.arange(900), 4):
        part = take_rows(planted.log, rows)
        merged.merge(ActionSums.of(part, planted.target[flat_of_rows(planted.log, rows)]))
    assert merged.rows == 900
    assert {s.action: (s.log, s.target) for s in merged.overlap()} == {
        s.action: pytest.approx((s.log, s.target)) for s in whole.overlap()
    }
    assert merged.actions.keys() == whole.actions.keys()
    assert merged.unsupported() == pytest.approx(whole.unsupported())


def test_choices_of_kinds_that_were_never_tried_are_unsupported() -> None:
    planted = draw_log(WORLD, 500, np.random.default_rng(4))
    assert unsupported_share(planted.log, planted.target) == 0.0
    only_queue = replace(planted.log, chosen=np.zeros(500, dtype=np.int64))
    employee = planted.log.actions[:, 1] > 0.5
    found = unsupported_share(only_queue, planted.target)
    assert found == pytest.approx(planted.target[employee].sum() / 500)
    assert found > 0.1


def test_an_action_hidden_among_tried_kinds_is_found() -> None:
    world = make_world(np.random.default_rng(8), n_situations=1)
    planted = draw_log(world, 2000, np.random.default_rng(9))
    log = planted.log
    k = len(world.mean_reward)
    last = np.arange(len(log.actions)) % k == k - 1
    # As if the log had never chosen the last action, to which the target gives 3 %.
    log = replace(log, chosen=np.where(log.chosen == k - 1, 1, log.chosen))
    target = np.where(last, 0.03, 0.97 / (k - 1))
    assert unsupported_share(log, target) == pytest.approx(0.03)
    few = take_rows(log, np.arange(50))
    assert unsupported_share(few, target[: len(few.actions)]) == 0.0
