"""Fitted Q iteration: what an action earns and what it leads to, from a log alone.

A decision's reward plus the best predicted value at the centre's next decision is regressed on the
terms of the reward model, over and over; only the right side of the ridge regression changes. With
no horizon it is the direct method: greedy on predicted rewards.
Sources: Ernst, Geurts, Wehenkel 2005 (fitted Q iteration); Bradtke and Duff 1994 (time).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from nba.act.greedy import Greedy
from nba.errors import InputError, LogError
from nba.learn.trajectory import Horizon
from nba.listen.blocks import padded_blocks
from nba.types import DecisionLog, Floats, Ints
from nba.understand.basis import make_basis
from nba.understand.fit import RIDGE, Gram, gram_of_rows, solve
from nba.understand.posterior import rewarded_rows
from nba.understand.reward_model import LinearRewardModel

_BLOCK: Final = 1024


@dataclass(slots=True)
class FittedQ:
    """Greedy on what the last log says an action earns now and makes possible later."""

    horizon: Horizon = field(default_factory=Horizon)
    rounds: int = 30  # regressions; each looks one decision further
    ridge: float = RIDGE  # rows of evidence that a weight has to outweigh
    floor: float = 0.0  # share of the learned policy spread evenly over the eligible actions
    progress: Callable[[int], None] | None = None  # called with 1 per round
    _model: LinearRewardModel | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.rounds < 1:
            raise InputError(f"rounds is {self.rounds}; at least 1 is needed")

    def learn(self, log: DecisionLog) -> None:
        """Fit to the rows with a reward; LogError if none has one."""
        self._model = fit_q(
            log, self.horizon, rounds=self.rounds, ridge=self.ridge, progress=self.progress
        )

    def policy(self) -> Greedy:
        """Greedy on the values learned so far; LogError before the first log."""
        return Greedy(self.model, self.floor, name="fitted_q")

    @property
    def model(self) -> LinearRewardModel:
        """The values learned so far, EUR now and later; LogError before the first log."""
        if self._model is None:
            raise LogError("nothing has been learned yet; call learn(log) first")
        return self._model


def fit_q(
    log: DecisionLog,
    horizon: Horizon,
    *,
    rounds: int,
    ridge: float = RIDGE,
    progress: Callable[[int], None] | None = None,
) -> LinearRewardModel:
    """The values of the best policy after so many rounds; LogError if no row has a reward."""
    rows = rewarded_rows(log)
    if not len(rows):
        raise LogError(f"none of the log's {len(log)} rows has a reward; join outcomes first")
    names = log.context_names, log.action_names
    basis = make_basis(*names, context=log.context, actions=log.actions)
    now = gram_of_rows(basis, log, rows)
    model = LinearRewardModel(basis, solve(now, ridge))
    after, discount = horizon.following(log)
    goes_on = rows[after[rows] >= 0]
    for _ in range(rounds - 1 if len(goes_on) else 0):
        later = np.zeros(len(log))
        later[goes_on] = discount[goes_on] * best_values(model, log, after[goes_on])
        ahead = gram_of_rows(basis, replace(log, reward=later), goes_on)
        model = LinearRewardModel(basis, solve(Gram(now.terms, now.rewards + ahead.rewards), ridge))
        if progress is not None:
            progress(1)
    return model


def best_values(model: LinearRewardModel, log: DecisionLog, rows: Ints) -> Floats:
    """The largest predicted value among the actions offered in each of the rows."""
    found = []
    for block in padded_blocks(log, rows, size=_BLOCK):
        values = model.batch_rewards(block.context, block.actions)
        found.append(np.where(block.mask, values, -np.inf).max(axis=1))
    return np.concatenate(found)
