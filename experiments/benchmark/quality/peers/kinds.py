"""Libraries that know arms but no features of them: an arm is a kind of action.

Which employee takes a contact is then the trade's own rule, the longest idle. A library says what
each arm is worth in a context, its optimism included; the best eligible one is taken.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from experiments.benchmark.quality.peers.place import look_there
from experiments.benchmark.quality.protocol import Place
from experiments.benchmark.quality.rounds import learned_by_serving
from experiments.vec_env import Normalisation
from nba.act.policy import best_of, one_row
from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import ACTION_KINDS, ActionSet, Bools, Context, DecisionLog, Floats, Floats32, Policy

_KINDS: Final = [CONTACT_CENTRE.action_column(f"kind={kind}") for kind in ACTION_KINDS]
_IDLE: Final = CONTACT_CENTRE.action_column("idle_s")
_SHORT: Final = 1e-6  # worth of a second of idleness: decides between employees alone

# Rows with their arms and rewards → what it learned; a context's rows → worth of each arm.
Fit = Callable[[Floats, Floats, Floats], None]
Worth = Callable[[Floats], Floats]


def mabwiser(name: str, place: Place) -> Policy:
    """MABWiser's LinUCB, one ridge regression per arm, batched (Strong et al. 2019)."""
    look_there()
    from mabwiser.mab import MAB, LearningPolicy  # type: ignore[import-not-found]  # a peer

    arms = list(range(len(ACTION_KINDS)))
    bandit = MAB(arms, LearningPolicy.LinUCB(alpha=1.0, l2_lambda=1.0), seed=1 + place.seed)

    def fit(context: Floats, chosen: Floats, reward: Floats) -> None:
        bandit.partial_fit(chosen, reward, _with_constant(context))

    def worth(context: Floats) -> Floats:
        told: Any = bandit.predict_expectations(_with_constant(context))
        rows = told if isinstance(told, list) else [told]
        return np.array([[row[arm] for arm in arms] for row in rows])

    return learned_by_serving(_Kinds(name, fit, worth), place)


def contextual_bandits(name: str, place: Place) -> Policy:
    """The LinUCB of contextualbandits, one regression per arm, batched (Cortes 2018)."""
    look_there()
    from contextualbandits.online import LinUCB  # type: ignore[import-not-found]  # a peer

    bandit = LinUCB(len(ACTION_KINDS), alpha=1.0, lambda_=1.0, random_state=1 + place.seed)

    def fit(context: Floats, chosen: Floats, reward: Floats) -> None:
        bandit.partial_fit(context, chosen, reward)

    return learned_by_serving(_Kinds(name, fit, bandit.decision_function), place)


@dataclass(slots=True)
class _Kinds:
    """A learner around the library; the first log sets the scales."""

    name: str
    fit: Fit
    worth: Worth
    _scale: Normalisation | None = field(default=None, init=False)

    def learn(self, log: DecisionLog) -> None:
        """Hand over the rows that have a reward."""
        if self._scale is None:
            self._scale = Normalisation.of_log(log)
        rows = np.flatnonzero(~np.isnan(log.reward))
        taken = log.actions[log.offsets[rows] + log.chosen[rows]][:, _KINDS].argmax(axis=1)
        context = self._scale.context(log.context[rows]).astype(np.float64)
        self.fit(context, taken, log.reward[rows])

    def policy(self) -> "KindPolicy":
        """What it serves with; later logs go on teaching the library's own object."""
        assert self._scale is not None
        return KindPolicy(self.worth, self._scale, self.name)


@dataclass(frozen=True, slots=True, eq=False)
class KindPolicy:
    """The eligible kind that the library thinks most of; of employees the longest idle."""

    worth: Worth
    scale: Normalisation
    name: str
    version: str = "unsaved"

    def probabilities(self, context: Context, actions: ActionSet) -> Floats:
        """The probability of each action, (k,)."""
        return one_row(self, context, actions)

    def batch_probabilities(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats:
        """(B, d), (B, A, p), (B, A) → (B, A), zero where masked."""
        worth = self.worth(self.scale.context(context).astype(np.float64))
        of_kind = np.einsum("bk,bak->ba", worth, actions[:, :, _KINDS].astype(np.float64))
        return best_of(of_kind + _SHORT * actions[:, :, _IDLE], mask)


def _with_constant(context: Floats) -> Floats:
    """The library fits lines through zero: a column of ones lifts them."""
    return np.column_stack([context, np.ones(len(context))])
