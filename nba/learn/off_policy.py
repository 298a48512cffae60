"""Policies learned from a log by climbing an estimate of their own value.

With values of every offered action that do not depend on the policy, the estimate is Σ π · value,
which is inverse propensity weighting for a constant model and doubly robust for a fitted one. What
comes out is a softmax over a linear model, one policy file like the others.
Sources: Dudík et al. 2014 (DR); Swaminathan and Joachims 2015 (learning by IPS, and why weights
must be bounded); Su et al. 2020 (shrinking them).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from nba.act.softmax import Softmax
from nba.errors import InputError, LogError
from nba.learn.softmax_fit import Fitting, Offers, fit_softmax
from nba.listen.blocks import chosen_flat
from nba.types import DecisionLog, Floats, Floats32, Ints
from nba.understand.basis import make_basis
from nba.understand.posterior import rewarded_rows
from nba.understand.reward_model import LinearRewardModel, cross_fit_rewards

Values = Literal["dr", "ipw"]
_VALUES: Final = ("dr", "ipw")


@dataclass(slots=True)
class OffPolicyGradient:
    """Climbs the doubly robust ("dr") or the propensity-weighted ("ipw") value of the last log."""

    values: Values = "dr"
    most_weight: float = 20.0  # 1 / propensity is cut here: bias instead of ruinous variance
    floor: float = 0.0  # share of the learned policy spread evenly over the eligible actions
    fitting: Fitting = field(default_factory=Fitting)
    progress: Callable[[int], None] | None = None  # called with 1 per epoch
    _model: LinearRewardModel | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.values not in _VALUES:
            raise InputError(f"values is {self.values!r}; use one of {', '.join(_VALUES)}")
        if not self.most_weight >= 1.0:
            raise InputError(f"most_weight is {self.most_weight}; at least 1 is needed")

    def learn(self, log: DecisionLog) -> None:
        """Fit to the rows with a reward; LogError if none has one or a propensity is missing."""
        rows = rewarded_rows(log)
        if not len(rows):
            raise LogError(f"none of the log's {len(log)} rows has a reward; join outcomes first")
        names = log.context_names, log.action_names
        basis = make_basis(*names, context=log.context, actions=log.actions)
        values = self._values_of(log, rows)
        offers = Offers.of_log(basis, log, rows)

        def climb(part: Offers, probability: Floats32) -> Floats:
            value = values[part.places]
            count = np.diff(part.starts)
            mean = np.add.reduceat(probability * value, part.starts[:-1])
            return np.asarray(probability * (value - np.repeat(mean, count)))

        weights = fit_softmax(offers, basis.n_groups, climb, self.fitting, progress=self.progress)
        self._model = LinearRewardModel(basis, weights)

    def policy(self) -> Softmax:
        """The softmax learned so far; its model's unit is logits. LogError before the first log."""
        if self._model is None:
            raise LogError("nothing has been learned yet; call learn(log) first")
        name = f"{self.values}_policy"
        return Softmax(self._model, temperature=1.0, floor=self.floor, name=name)

    def _values_of(self, log: DecisionLog, rows: Ints) -> Floats:
        """An estimate of what every offered action earns, (m,), scaled to unit spread."""
        chosen = chosen_flat(log)[rows]
        propensity = log.propensity[rows]
        bad = np.flatnonzero(~(np.isfinite(propensity) & (propensity > 0.0)))
        if len(bad):
            raise LogError(
                f"propensity[{rows[bad[0]]}] is {propensity[bad[0]]}; learning off policy needs "
                "the probability of every logged action (nba.evaluate.propensity estimates it)"
            )
        reward = log.reward[rows]
        if self.values == "dr":
            values = cross_fit_rewards(log)
        else:
            # A constant as the model of all actions moves no gradient and takes off variance.
            values = np.full(len(log.actions), reward.mean())
        weight = np.minimum(1.0 / propensity, self.most_weight)
        values[chosen] += weight * (reward - values[chosen])
        return np.asarray(values / max(float(reward.std()), 1e-9))
