"""What a contact is worth: the expected reward of every action, from a linear model of one log.

Sources: ridge regression, Hoerl & Kennard 1970; cross-fitting, Chernozhukov et al. 2018.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np

from nba.errors import InputError, LogError
from nba.listen.blocks import padded_blocks
from nba.listen.units import unit_parts
from nba.types import DecisionLog, Floats, Floats32
from nba.understand.basis import Basis, make_basis
from nba.understand.components import ComponentModel, fit_components
from nba.understand.fit import RIDGE, Gram, gram_of_rows, solve

_BLOCK = 1024  # rows of a prediction block: its arrays stay in the cache
# Action parts at once: below the size from which malloc asks the system for fresh pages.
_AT_ONCE = 14_000


@dataclass(frozen=True, slots=True)
class LinearRewardModel:
    """A linear model in the terms of `basis`, one weight row per group of action kinds."""

    basis: Basis
    weights: Floats  # (G, terms) EUR per unit of the term
    components: ComponentModel | None = field(default=None, repr=False)  # what it is the sum of
    _form: Floats = field(init=False, repr=False)  # (1 + d, (1 + s) · G)

    def __post_init__(self) -> None:
        needed = (self.basis.n_groups, self.basis.n_terms)
        if self.weights.shape != needed or not np.isfinite(self.weights).all():
            raise InputError(
                f"reward model weights have shape {self.weights.shape}; {needed} finite numbers "
                "are needed"
            )
        form = self.basis.bilinear(self.weights)
        object.__setattr__(self, "_form", form.reshape(len(form), -1))

    @property
    def form(self) -> Floats:
        """Context parts times groups and action parts, (1 + d, G, 1 + s)."""
        shape = (len(self._form), 1 + self.basis.n_parts, self.basis.n_groups)
        return np.ascontiguousarray(self._form.reshape(shape).transpose(0, 2, 1))

    def batch_rewards(self, context: Floats32, actions: Floats32) -> Floats:
        """Expected reward in EUR of every action, (B, d), (B, A, p) → (B, A).

        An all-zero (padded) row of actions gives some finite number.
        """
        found = np.empty(actions.shape[:2])
        step = max(1, _AT_ONCE // max(1, actions.shape[1] * (1 + self.basis.n_parts)))
        for start in range(0, len(context), step):
            block = slice(start, start + step)
            found[block] = self._block_rewards(context[block], actions[block])
        return found

    def _block_rewards(self, context: Floats32, actions: Floats32) -> Floats:
        parts = self.basis.action_parts(actions)  # (B, A, 1 + s)
        rows = self.basis.context_parts(context) @ self._form
        rows = rows.reshape(len(context), parts.shape[-1], self.basis.n_groups)
        return np.asarray(np.einsum("bag,bag->ba", parts @ rows, self.basis.kinds(actions)))

    def tensors(self) -> dict[str, Floats]:
        """The model as named float arrays; `from_tensors` restores it."""
        basis = {item.name: getattr(self.basis, item.name) for item in fields(Basis)}
        parts = {} if self.components is None else self.components.tensors()
        return {**basis, "weights": self.weights, **parts}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Floats]) -> "LinearRewardModel":
        """The model that `tensors` described; InputError names a tensor that is absent."""
        needed = [item.name for item in fields(Basis)]
        absent = [name for name in [*needed, "weights"] if name not in tensors]
        if absent:
            raise InputError(f"the reward model has no tensor {absent[0]!r}; export it again")
        values = {name: np.asarray(tensors[name], dtype=np.float64) for name in needed}
        weights = np.asarray(tensors["weights"], dtype=np.float64)
        return cls(Basis(**values), weights, ComponentModel.from_tensors(tensors))


def fit_reward_model(log: DecisionLog, *, ridge: float = RIDGE) -> LinearRewardModel:
    """The ridge regression of the log's rewards on the chosen actions' terms.

    Rows whose reward is NaN are left out; `ridge` is a penalty in rows of evidence. Raises
    LogError if no row has a reward.
    """
    rewarded = _rewarded(log)
    basis = _basis(log)
    gram = gram_of_rows(basis, log, rewarded)
    components = fit_components(basis, log, rewarded, gram, ridge=ridge)
    return LinearRewardModel(basis, solve(gram, ridge), components)


def cross_fit_rewards(
    log: DecisionLog, folds: int = 5, seed: int = 0, *, ridge: float = RIDGE
) -> Floats:
    """Expected rewards of every logged action, (m,), each by a model that never saw its customer.

    Folds are made of whole units. Each fold's model is solved from the Gram matrices of the others.
    Raises LogError if no row has a reward.
    """
    rewarded = _rewarded(log)
    basis = _basis(log)
    fold = unit_parts(log.unit, folds, purpose=f"cross-fit {seed}")
    grams = [gram_of_rows(basis, log, rewarded[fold[rewarded] == k]) for k in range(folds)]
    total = Gram.sum_of(grams)
    predictions = np.empty(len(log.actions))
    for k, gram in enumerate(grams):
        model = LinearRewardModel(basis, solve(total.without(gram), ridge))
        for block in padded_blocks(log, np.flatnonzero(fold == k), size=_BLOCK):
            rewards = model.batch_rewards(block.context, block.actions)
            predictions[block.flat] = rewards[block.mask]
    return predictions


def _basis(log: DecisionLog) -> Basis:
    return make_basis(log.context_names, log.action_names, context=log.context, actions=log.actions)


def _rewarded(log: DecisionLog) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    rows = np.flatnonzero(~np.isnan(log.reward))
    if not len(rows):
        raise LogError(
            f"none of the log's {len(log)} rows has a reward; join its outcomes first "
            "(nba.listen.outcomes) or wait for the reward windows to close"
        )
    return rows
