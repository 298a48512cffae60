"""The linear reward model's form for one decision: the same rewards, summed in a fixed order."""

from dataclasses import dataclass
from math import log1p
from typing import Final, Self

import numpy as np

from nba.types import Floats, Floats32
from nba.understand.in_order import product
from nba.understand.reward_model import LinearRewardModel

_CUT: Final = 5.0
# The derived parts of `nba.understand.basis` in the order of its table, as a cut, a shift and a
# scale, so that one pass makes them together with the standardised columns.
_DERIVED: Final = (
    (0.0, 600.0, 0.0, 300.0),  # short_wait
    (0.0, np.inf, 0.0, 1.0),  # log_wait, before its logarithm
    (0.85, np.inf, 0.85, 0.15),  # overload
    (0.85, np.inf, 0.85, 0.15),  # overload_work, before its product
)
_LOG: Final = 1
_LOG_SCALE: Final = 4.0


@dataclass(frozen=True, slots=True)
class OneReward:
    """What depends on the model alone: part i is (cut of column i - shift i) / scale i."""

    columns: np.ndarray[tuple[int], np.dtype[np.intp]]  # (s,)
    low: Floats  # (s,)
    high: Floats  # (s,)
    shift: Floats  # (s,)
    scale: Floats  # (s,)
    logs: tuple[int, ...]  # parts of which the logarithm is taken
    products: tuple[tuple[int, int], ...]  # parts, and the parts that multiply them
    context_mean: Floats  # (d,)
    context_std: Floats  # (d,)
    form: Floats  # (d, (1 + s) · G) of the standardised context
    constant: Floats  # ((1 + s) · G,)
    groups: Floats  # (p, G)
    n_groups: int

    @classmethod
    def of(cls, model: LinearRewardModel) -> Self:
        """The quick form of a model."""
        basis = model.basis
        numbers = basis.numbers.astype(np.intp)
        mean, std = basis.action_mean[numbers], basis.action_std[numbers]
        derived = basis.derived.astype(np.intp)
        cuts = np.array([_DERIVED[which] for which in derived[:, 0]]).reshape(-1, 4)
        first = len(numbers)
        form = basis.bilinear(model.weights).reshape(1 + len(basis.context_mean), -1)
        return cls(
            columns=np.concatenate([numbers, derived[:, 1]]),
            low=np.concatenate([mean - _CUT * std, cuts[:, 0]]),
            high=np.concatenate([mean + _CUT * std, cuts[:, 1]]),
            shift=np.concatenate([mean, cuts[:, 2]]),
            scale=np.concatenate([std, cuts[:, 3]]),
            logs=tuple(first + i for i, row in enumerate(derived) if row[0] == _LOG),
            products=tuple(
                (first + i, int(np.searchsorted(numbers, row[2])))
                for i, row in enumerate(derived)
                if row[2] >= 0
            ),
            context_mean=basis.context_mean,
            context_std=basis.context_std,
            form=np.ascontiguousarray(form[1:]),
            constant=form[0].copy(),
            groups=basis.groups if basis.groups.shape[1] else np.ones((len(basis.action_mean), 0)),
            n_groups=basis.n_groups,
        )

    def rewards(self, context: Floats32, actions: Floats32) -> Floats:
        """Expected reward in EUR of each action, (d,), (k, p) → (k,)."""
        x = (context - self.context_mean) / self.context_std
        np.minimum(x, _CUT, out=x)
        np.maximum(x, -_CUT, out=x)
        weights = product(x[None], self.form)[0]
        weights += self.constant
        rows = weights.reshape(-1, self.n_groups)
        values = actions.astype(np.float64)
        parts = values.take(self.columns, axis=1)
        np.maximum(parts, self.low, out=parts)
        np.minimum(parts, self.high, out=parts)
        parts -= self.shift
        parts /= self.scale
        for part in self.logs:
            parts[:, part] = [log1p(value) / _LOG_SCALE for value in parts[:, part].tolist()]
        for part, other in self.products:
            parts[:, part] *= parts[:, other]
        found = product(parts, rows[1:])
        found += rows[0]
        if not self.groups.shape[1]:
            return np.asarray(found[:, 0])
        found *= values.dot(self.groups)
        return np.asarray(found.dot(np.ones(self.n_groups)))
