"""Probabilities by shares, and what happens outside the plan."""

import numpy as np
import pytest

from envs.baselines.share_routing import ShareRouting
from nba.errors import InputError
from tests.envs.baselines.situations import (
    BUSY,
    NOTHING,
    QUEUE,
    choice,
    given,
    idle,
    share_routing,
    shares,
)


def test_the_idle_are_drawn_in_proportion_to_their_cells() -> None:
    staff = (idle(skill_estimate=0.8), idle(skill_estimate=0.5), idle(skill_estimate=0.2))
    found = shares(share_routing(), *staff, BUSY, QUEUE)
    assert found == pytest.approx([0.75, 0.25, 0.0, 0.0, 0.0])


def test_the_language_comes_before_the_share() -> None:
    staff = (idle(skill_estimate=0.8, language_match=0), idle(skill_estimate=0.5))
    assert choice(share_routing(), *staff, QUEUE) == 1
    assert choice(share_routing(), staff[0], QUEUE) == 0


def test_whom_the_plan_leaves_out_takes_over_when_alone() -> None:
    unplanned = (idle(skill_estimate=0.2, idle_s=4), idle(skill_estimate=0.1, idle_s=9))
    assert choice(share_routing(), *unplanned, QUEUE) == 1
    assert choice(share_routing(), BUSY, QUEUE) == 1


def test_where_nobody_asked_it_does_nothing() -> None:
    assert choice(share_routing(), idle(), QUEUE, NOTHING) == 2


@pytest.mark.parametrize("shares", [np.ones(3), np.full(24, -0.1), np.full(24, np.nan)])
def test_bad_shares_are_refused(shares: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    with pytest.raises(InputError, match="24 finite numbers"):
        ShareRouting(share_routing().cells, shares)


def test_the_shares_cannot_be_changed_from_outside() -> None:
    given_shares = np.ones(24)
    policy = ShareRouting(share_routing().cells, given_shares)
    given_shares[:] = 0.0
    assert policy.batch_probabilities(*given(idle(), idle(), QUEUE))[0, 0] == 0.5
    with pytest.raises(ValueError, match="read-only"):
        policy.shares[0] = 2.0
