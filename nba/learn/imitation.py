"""Learns to choose as the log did: an apprentice's policy before it may act by itself.

Source: multinomial logistic regression (McFadden 1974), on features of the offered actions.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from nba.act.softmax import Softmax
from nba.errors import LogError
from nba.learn.softmax_fit import Fitting, Offers, fit_softmax
from nba.listen.blocks import chosen_flat
from nba.types import DecisionLog, Floats, Floats32
from nba.understand.basis import make_basis
from nba.understand.reward_model import LinearRewardModel


@dataclass(slots=True)
class Imitation:
    """The softmax under which the choices of the last log are most likely; rewards are not read."""

    floor: float = 0.0  # share of the learned policy spread evenly over the eligible actions
    fitting: Fitting = field(default_factory=Fitting)
    progress: Callable[[int], None] | None = None  # called with 1 per epoch
    _model: LinearRewardModel | None = field(default=None, init=False)

    def learn(self, log: DecisionLog) -> None:
        """Fit to all rows; LogError for a log without any."""
        if not len(log):
            raise LogError("the log has no rows; nothing can be imitated")
        names = log.context_names, log.action_names
        basis = make_basis(*names, context=log.context, actions=log.actions)
        taken = np.zeros(len(log.actions), dtype=np.float32)
        taken[chosen_flat(log)] = 1.0
        offers = Offers.of_log(basis, log, np.arange(len(log)))

        def climb(part: Offers, probability: Floats32) -> Floats:
            return np.asarray(taken[part.places] - probability)

        weights = fit_softmax(offers, basis.n_groups, climb, self.fitting, progress=self.progress)
        self._model = LinearRewardModel(basis, weights)

    def policy(self) -> Softmax:
        """The imitation learned so far; its model's unit is logits. LogError before a log."""
        if self._model is None:
            raise LogError("nothing has been learned yet; call learn(log) first")
        return Softmax(self._model, temperature=1.0, floor=self.floor, name="imitation")
