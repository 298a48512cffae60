"""A cross-fitted reward model from a log that comes in slices, equal to that of the whole log.

The scales of the features are known from a pass of their own; sums of squares per fold of customers
add up in any order. Source: Chernozhukov et al. 2018 (cross-fitting).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from nba.errors import LogError
from nba.listen.units import unit_parts
from nba.types import DecisionLog, Floats, Ints
from nba.understand.basis import Basis, scaled_basis
from nba.understand.fit import RIDGE, Gram, gram_of_rows, solve
from nba.understand.reward_model import LinearRewardModel
from nba.understand.scale import ScaleSums

_FOLDS: Final = 5


@dataclass(slots=True)
class BasisSums:
    """What a basis needs to know of a log; `add` takes slices of one feature spec."""

    names: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())  # of context and actions
    context: ScaleSums | None = None
    actions: ScaleSums | None = None

    def add(self, log: DecisionLog) -> None:
        """Add a slice with at least one row."""
        if self.context is None or self.actions is None:
            self.names = (log.context_names, log.action_names)
            self.context, self.actions = ScaleSums.of(log.context), ScaleSums.of(log.actions)
            return
        self.context.add(log.context)
        self.actions.add(log.actions)

    def basis(self) -> Basis:
        """The basis scaled by all slices; LogError if there was none."""
        if self.context is None or self.actions is None:
            raise LogError("the log has no batch; give at least one decision")
        return scaled_basis(*self.names, context=self.context, actions=self.actions)


def basis_of(log: Iterable[DecisionLog]) -> Basis:
    """The basis of a log in slices; LogError if it has none."""
    sums = BasisSums()
    for part in log:
        sums.add(part)
    return sums.basis()


@dataclass(slots=True)
class StreamedRewards:
    """A cross-fitted reward model in the making: `add` or `merge` all slices, then `predict`."""

    basis: Basis
    grams: list[Gram] = field(default_factory=list)  # one per fold
    _models: list[LinearRewardModel] = field(default_factory=list)

    def add(self, log: DecisionLog) -> None:
        """Add the rows of a slice that have a reward."""
        fold = _folds(log)
        known = ~np.isnan(log.reward)
        self._join(
            [
                gram_of_rows(self.basis, log, np.flatnonzero(known & (fold == k)))
                for k in range(_FOLDS)
            ]
        )

    def merge(self, other: "StreamedRewards") -> None:
        """Add what another one with the same basis has seen."""
        if other.grams:
            self._join(other.grams)

    def predict(self, log: DecisionLog) -> Floats:
        """Expected rewards of a slice's actions, (m,), by models that never saw its units."""
        from nba.evaluate.reward_kernel import expected_rewards  # numba loads where it is used

        forms = [model.form for model in self.models()]
        fold = _folds(log)
        parts = self.basis.context_parts(log.context)
        rows = np.empty((len(log), *forms[0].shape[1:]))  # (n, G, 1 + s) weights of action parts
        for k, form in enumerate(forms):
            mine = np.flatnonzero(fold == k)
            rows[mine] = np.tensordot(parts[mine], form, axes=1)
        return expected_rewards(self.basis, rows, log.actions, log.offsets)

    def models(self) -> list[LinearRewardModel]:
        """The model of each fold, fitted to all the others; LogError if no row has a reward."""
        if not self._models:
            total = Gram.sum_of(self.grams)
            if not total.terms[:, 0, 0].any():
                raise LogError(
                    "none of the log's rows has a reward; join its outcomes first "
                    "(nba.listen.outcomes) or wait for the reward windows to close"
                )
            self._models = [
                LinearRewardModel(self.basis, solve(total.without(gram), RIDGE))
                for gram in self.grams
            ]
        return self._models

    def _join(self, fresh: list[Gram]) -> None:
        pairs = zip(self.grams, fresh, strict=True)
        self.grams = [Gram.sum_of(pair) for pair in pairs] if self.grams else fresh
        self._models = []


def _folds(log: DecisionLog) -> Ints:
    return unit_parts(log.unit, _FOLDS, purpose="cross-fit 0")
