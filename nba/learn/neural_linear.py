"""Learns the worth of actions as a Bayesian line over a trained net's hidden layer.

Source: Riquelme, Tucker, Snoek 2018 (neural-linear).
"""

from dataclasses import dataclass, field

import numpy as np

from nba.act.neural_linear import NeuralLinear, expected
from nba.act.policy import ActionScorer
from nba.errors import InputError, LogError
from nba.listen.blocks import padded_blocks
from nba.seeding import generator
from nba.types import DecisionLog, Floats
from nba.understand.posterior import rewarded_rows


@dataclass(slots=True)
class NeuralLinearLearner:
    """Adds up logs; the net stays as it is, only its last line is learned."""

    scorer: ActionScorer
    ridge: float = 1.0  # rows of evidence of the prior
    n_draws: int = 64
    floor: float = 0.0
    seed: int = 0
    _terms: Floats | None = field(default=None, init=False)  # (h, h) Σ z zᵀ
    _rewards: Floats = field(default_factory=lambda: np.zeros(0), init=False)  # (h,) Σ z r
    _squares: float = field(default=0.0, init=False)  # Σ r², of what the net's reward model misses
    _rows: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if not (np.isfinite(self.ridge) and self.ridge > 0.0):
            raise InputError(f"ridge is {self.ridge}; a number above 0 is needed")
        if self.n_draws < 1:
            raise InputError(f"n_draws is {self.n_draws}; at least 1 is needed")

    def learn(self, log: DecisionLog) -> None:
        """Add the rows that have a reward; LogError if none has one."""
        rows = rewarded_rows(log)
        if not len(rows):
            raise LogError(f"none of the log's {len(log)} rows has a reward; join outcomes first")
        h = self.scorer.sizes[2]
        terms = np.zeros((h, h)) if self._terms is None else self._terms.copy()
        rewards = np.zeros(h) if self._terms is None else self._rewards.copy()
        squares = 0.0
        for block in padded_blocks(log, rows):
            hidden = self.scorer.batch_hidden(block.context, block.actions, block.mask)
            taken = np.arange(len(block.rows)), log.chosen[block.rows]
            z = hidden[taken].astype(np.float64)
            known = expected(self.scorer, block.context, block.actions)[taken]
            missed = log.reward[block.rows] - known
            terms += z.T @ z
            rewards += missed @ z
            squares += float(missed @ missed)
        self._terms, self._rewards = terms, rewards
        self._squares += squares
        self._rows += len(rows)

    def policy(self) -> NeuralLinear:
        """A snapshot with its own draws; LogError before the first log."""
        if self._terms is None:
            raise LogError("nothing has been learned yet; call learn(log) first")
        precision = self._terms + self.ridge * np.eye(len(self._terms))
        mean = np.linalg.solve(precision, self._rewards)
        left = self._squares - 2.0 * float(mean @ self._rewards) + float(mean @ self._terms @ mean)
        noise = np.sqrt(max(left, 0.0) / self._rows)
        luck = generator(self.seed, f"neural-linear draws {self._rows}").normal(
            size=(len(mean), self.n_draws)
        )
        # precision = L Lᵀ, so L⁻ᵀ turns independent luck into draws of its inverse's covariance.
        spread = np.linalg.solve(np.linalg.cholesky(precision).T, luck)
        return NeuralLinear(self.scorer, mean + noise * spread.T, self.floor)
