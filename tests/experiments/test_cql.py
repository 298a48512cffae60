"""CQL learns values from a log alone, and trusts the less the more cautious it is."""

from dataclasses import replace

import numpy as np
import pytest
import torch as th

from experiments.cql import CqlConfig, train_cql
from experiments.dqn import action_values
from experiments.scorer import ActionScorerPolicy
from experiments.vec_env import observation
from nba.errors import LogError
from nba.listen.blocks import padded_blocks
from tests.experiments.small_run import log, normalisation, reward_model

SMALL = CqlConfig(updates=150, batch_size=64, hidden=8, caution=0.0, learning_rate=1e-2)


def trained(config: CqlConfig) -> ActionScorerPolicy:
    return train_cql(config, log(), reward_model(), normalisation())


def above_taken(net: ActionScorerPolicy) -> float:
    """How far the soft maximum over the eligible actions lies above the taken one, on average."""
    (block,) = padded_blocks(log(), np.arange(200))
    seen = observation(block.context, block.actions, block.mask, reward_model(), normalisation())
    with th.no_grad():
        values = action_values(net, {name: th.from_numpy(rows) for name, rows in seen.items()})
    legal = values.masked_fill(th.from_numpy(~block.mask), -th.inf)
    taken = values.gather(1, th.from_numpy(log().chosen[:200].astype(np.int64))[:, None])
    return float((legal.logsumexp(dim=1, keepdim=True) - taken).mean())


def test_the_same_seed_gives_the_same_net() -> None:
    first, second = (trained(replace(SMALL, updates=5)).state_dict() for _ in range(2))
    assert all(first[name].equal(second[name]) for name in first)
    other = trained(replace(SMALL, updates=5, seed=1)).state_dict()
    assert any(not first[name].equal(other[name]) for name in first)


def test_caution_keeps_what_was_not_taken_low() -> None:
    bold, cautious = (above_taken(trained(replace(SMALL, caution=c))) for c in (0.0, 3.0))
    assert cautious < bold - 0.2


def test_a_log_without_rewards_is_refused() -> None:
    empty = replace(log(), reward=np.full(len(log()), np.nan))
    with pytest.raises(LogError, match="has a reward; join outcomes first"):
        train_cql(SMALL, empty, reward_model(), normalisation())


def test_progress_counts_the_updates() -> None:
    counted: list[int] = []
    train_cql(
        replace(SMALL, updates=3), log(), reward_model(), normalisation(), progress=counted.append
    )
    assert sum(counted) == 3
