"""Advantage-weighted imitation: copies a log's choices, the better ones all the more.

The critic is fitted Q on the log; a choice that was worth more than the log's average one counts
exp(advantage / temperature) times, so nothing that the log never did is ever preferred.
Sources: Nair et al. 2020 (AWAC); Peng et al. 2019 (bounded weights).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from nba.act.softmax import Softmax
from nba.errors import InputError, LogError
from nba.learn.fitted_q import fit_q
from nba.learn.softmax_fit import Fitting, Offers, fit_softmax
from nba.learn.trajectory import Horizon
from nba.listen.blocks import chosen_flat, padded_blocks
from nba.types import DecisionLog, Floats, Floats32
from nba.understand.basis import make_basis
from nba.understand.reward_model import LinearRewardModel


@dataclass(slots=True)
class Awac:
    """The softmax under which the last log's good choices are most likely."""

    temperature: float = 0.5  # EUR: how much better counts e times as much
    most_weight: float = 20.0  # a choice counts no more than this
    horizon: Horizon = field(default_factory=Horizon)
    rounds: int = 30  # of the critic
    floor: float = 0.0  # share of the learned policy spread evenly over the eligible actions
    fitting: Fitting = field(default_factory=Fitting)
    progress: Callable[[int], None] | None = None  # called with 1 per epoch
    _model: LinearRewardModel | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        for name in ("temperature", "most_weight"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0.0):
                raise InputError(f"{name} is {value}; a number above 0 is needed")

    def learn(self, log: DecisionLog) -> None:
        """Fit critic and policy; LogError if no row has a reward."""
        critic = fit_q(log, self.horizon, rounds=self.rounds)
        names = log.context_names, log.action_names
        basis = make_basis(*names, context=log.context, actions=log.actions)
        taken = np.zeros(len(log.actions))
        taken[chosen_flat(log)] = np.minimum(
            np.exp(np.minimum(advantages(critic, log) / self.temperature, 50.0)), self.most_weight
        )
        offers = Offers.of_log(basis, log, np.arange(len(log)))

        def climb(part: Offers, probability: Floats32) -> Floats:
            mine = taken[part.places]
            weight = np.add.reduceat(mine, part.starts[:-1])
            return np.asarray(mine - np.repeat(weight, np.diff(part.starts)) * probability)

        weights = fit_softmax(offers, basis.n_groups, climb, self.fitting, progress=self.progress)
        self._model = LinearRewardModel(basis, weights)

    def policy(self) -> Softmax:
        """The softmax learned so far; its model's unit is logits. LogError before the first log."""
        if self._model is None:
            raise LogError("nothing has been learned yet; call learn(log) first")
        return Softmax(self._model, temperature=1.0, floor=self.floor, name="awac")


def advantages(critic: LinearRewardModel, log: DecisionLog) -> Floats:
    """What each logged choice is worth above the mean of what was offered with it, EUR, (n,)."""
    values = np.empty(len(log.actions))
    for block in padded_blocks(log, size=1024):
        values[block.flat] = critic.batch_rewards(block.context, block.actions)[block.mask]
    mean = np.add.reduceat(values, log.offsets[:-1]) / np.diff(log.offsets)
    return np.asarray(values[chosen_flat(log)] - mean)
