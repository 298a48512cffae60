"""Vowpal Wabbit's contextual bandits with action-dependent features, learned while they serve.

Features are standardised, context and action features are crossed, costs are scaled to [0, 1] as
its papers do, and an update takes one pass over the log of a round. It serves with the
distribution that it explores with. Sources: Bietti, Agarwal, Langford 2021 (the bake-off of its
algorithms); Foster, Rakhlin 2020 (SquareCB); Foster et al. 2018 (RegCB).
"""

from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import numpy as np

from experiments.benchmark.quality.peers.place import look_there
from experiments.benchmark.quality.protocol import Place
from experiments.benchmark.quality.rounds import learned_by_serving
from experiments.vec_env import Normalisation
from nba.act.policy import one_row
from nba.types import ActionSet, Bools, Context, DecisionLog, Floats, Floats32, Policy

_COMMON: Final = "--cb_explore_adf --cb_type mtr -q ca --quiet --power_t 0 -b 18"
OPTIONS: Final = {
    "vw_squarecb": "--squarecb",
    "vw_regcb": "--regcbopt --mellowness 0.001",
}
_EDGE: Final = 0.01  # share of rewards beyond the scale of costs, at either end


def vowpal_wabbit(name: str, place: Place) -> Policy:
    """The policy that one of its algorithms ends with after the rounds of the place."""
    look_there()
    from vowpalwabbit import Workspace  # type: ignore[import-not-found]  # a peer

    learner = VowpalWabbit(Workspace(f"{_COMMON} {OPTIONS[name]}"), name)
    return learned_by_serving(learner, place)


@dataclass(slots=True)
class VowpalWabbit:
    """A learner around a workspace; the first log sets the scales."""

    workspace: Any
    name: str
    _scale: Normalisation | None = field(default=None, init=False)
    _ends: tuple[float, float] = field(default=(0.0, 1.0), init=False)

    def learn(self, log: DecisionLog) -> None:
        """One pass over the rows that have a reward."""
        rows = np.flatnonzero(~np.isnan(log.reward))
        if self._scale is None:
            self._scale = Normalisation.of_log(log)
            low, high = np.quantile(log.reward[rows], (_EDGE, 1.0 - _EDGE))
            self._ends = float(low), float(high)
        low, high = self._ends
        costs = np.clip((high - log.reward) / (high - low), 0.0, 1.0)
        context, actions = self._scale.context(log.context), self._scale.actions(log.actions)
        for row in rows.tolist():
            start, end = log.offsets[row], log.offsets[row + 1]
            lines = example(context[row], actions[start:end])
            chosen = int(log.chosen[row])
            label = f"0:{costs[row]:.6g}:{log.propensity[row]:.6g} "
            lines[1 + chosen] = label + lines[1 + chosen]
            self.workspace.learn(lines)

    def policy(self) -> "VowpalWabbitPolicy":
        """What it serves with: the workspace itself, which later logs go on teaching."""
        assert self._scale is not None
        return VowpalWabbitPolicy(self.workspace, self._scale, self.name)


@dataclass(frozen=True, slots=True, eq=False)
class VowpalWabbitPolicy:
    """The workspace's distribution over the eligible actions."""

    workspace: Any
    scale: Normalisation
    name: str
    version: str = "unsaved"

    def probabilities(self, context: Context, actions: ActionSet) -> Floats:
        """The probability of each action, (k,)."""
        return one_row(self, context, actions)

    def batch_probabilities(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats:
        """(B, d), (B, A, p), (B, A) → (B, A), zero where masked."""
        context, actions = self.scale.context(context), self.scale.actions(actions)
        found = np.zeros(mask.shape)
        for row in range(len(mask)):
            open_here = np.flatnonzero(mask[row])
            lines = example(context[row], actions[row, open_here])
            share = np.array(self.workspace.predict(lines))
            found[row, open_here] = share / share.sum()
        return found


def example(context: Floats32, actions: Floats32) -> list[str]:
    """One decision in the library's text: the context's line, then one for each action."""
    return [f"shared |c {_features(context)}", *(f"|a {_features(row)}" for row in actions)]


def _features(values: Floats32) -> str:
    return _template(len(values)) % tuple(values.tolist())


@cache
def _template(width: int) -> str:
    """A line's features with their values left open: filled in one go, half the time."""
    return " ".join(f"{at}:%.4g" for at in range(width))
