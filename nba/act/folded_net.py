"""The action scorer's net with its scales in its weights, one decision or many at a time.

Standardising divides by std and cuts at ±5: cutting at ±5 std and dividing the weights is the
same, a pass less. The mean stays where it is: moved into the weights it would cost digits.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

import numpy as np

from nba.types import Bools, Floats32

CLIP: Final = 5.0  # standardised features stay within ±5, so a strange input cannot dominate
# How many hidden values are computed at once: what the cache holds.
_BLOCK: Final = 62_000
_KEPT: Final = 64  # actions; all sizes up to it take a megabyte for a small net
# numpy takes the larger of two arrays five times as quickly as of an array and a number.
_ZEROS: Final = np.zeros(_BLOCK, dtype=np.float32)
_ZEROS.flags.writeable = False


class _Scratch(threading.local):
    """Memory for what lies between two layers: fresh pages cost more than the layers do."""

    def __init__(self) -> None:
        self.memory = np.empty((3, 0), dtype=np.float32)

    def pieces(self, rows: int, p: int, h: int) -> tuple[Floats32, Floats32, Floats32]:
        """Uninitialised (rows, p), (rows, h) and (rows, h)."""
        size = rows * max(p, h)
        if size > self.memory.shape[1]:
            self.memory = np.empty((3, size), dtype=np.float32)
        a, b, c = self.memory
        return (
            a[: rows * p].reshape(rows, p),
            b[: rows * h].reshape(rows, h),
            c[: rows * h].reshape(rows, h),
        )


_SCRATCH: Final = _Scratch()


class Sized(NamedTuple):
    """What a net needs in the shape of k actions: numpy is twice as quick without stretching."""

    share: Floats32  # (k,) of 1 / k
    mean: Floats32  # (k, p)
    least: Floats32  # (k, p)
    most: Floats32  # (k, p)


@dataclass(frozen=True, slots=True)
class FoldedNet:
    """Letters as in `nba.act.policy.PARAMETER_SHAPES`."""

    context_mean: Floats32  # (d,)
    context_cut: tuple[Floats32, Floats32]  # (d,) least and most
    context_weights: Floats32  # (d, 2h): to the actions' units, and to the shared ones
    context_bias: Floats32  # (2h,)
    action_mean: Floats32  # (p,)
    action_cut: tuple[Floats32, Floats32]  # (p,) least and most
    action_weights: Floats32  # (p, h)
    deep_weights: Floats32  # (h, h) from each action's units
    pooled_weights: Floats32  # (h, h) from their mean
    score_weights: Floats32  # (h,)
    _sized: dict[int, Sized]  # by k, as they are needed

    @classmethod
    def of(cls, w: Mapping[str, Floats32]) -> Self:
        """The net of a scorer's parameters."""
        context_weights = np.concatenate([w["W_xe"], w["W_xu"]], axis=1)
        return cls(
            context_mean=w["context_mean"],
            context_cut=(-CLIP * w["context_std"], CLIP * w["context_std"]),
            context_weights=_over(context_weights, w["context_std"]),
            context_bias=np.concatenate([w["b_e"], w["b_u"]]),
            action_mean=w["action_mean"],
            action_cut=(-CLIP * w["action_std"], CLIP * w["action_std"]),
            action_weights=_over(w["W_ae"], w["action_std"]),
            deep_weights=w["W_eu"],
            pooled_weights=w["W_gu"],
            score_weights=w["w_score"],
            _sized={},
        )

    def sized(self, k: int) -> Sized:
        """The arrays for k actions; of one row each where stretching costs less than adding."""
        found = self._sized.get(k)
        if found is None:
            rows = k if k <= _KEPT else 1
            found = self._sized[k] = Sized(
                np.full(k, 1.0 / k, dtype=np.float32),
                np.tile(self.action_mean, (rows, 1)),
                *(np.tile(bound, (rows, 1)) for bound in self.action_cut),
            )
        return found

    def scores(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats32:
        """The net's score of each action, (B, d), (B, A, p), (B, A) → (B, A); any if masked."""
        found = np.empty(mask.shape, dtype=np.float32)
        step = max(1, _BLOCK // (actions.shape[1] * len(self.score_weights)))
        for start in range(0, len(context), step):
            rows = slice(start, start + step)
            deep = self._hidden(context[rows], actions[rows], mask[rows])
            np.dot(deep, self.score_weights, out=found[rows].reshape(-1))
        return found

    def hidden(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats32:
        """The last hidden layer, (B, A, h), which the scores are a weighted sum of."""
        return self._hidden(context, actions, mask).reshape(*mask.shape, -1).copy()

    def _hidden(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats32:
        """The same as (B · A, h), in memory that the next call uses again."""
        (n, k, p), h = actions.shape, len(self.score_weights)
        a, each, deep = _SCRATCH.pieces(n * k, p, h)
        from_context = cut(context - self.context_mean, *self.context_cut) @ self.context_weights
        from_context += self.context_bias
        to_each, to_shared = from_context[:, :h], from_context[:, h:]
        share, mean, least, most = self.sized(k)
        as_long = a.reshape(-1, mean.size)
        np.subtract(actions.reshape(as_long.shape), mean.reshape(-1), out=as_long)
        cut(as_long, least.reshape(-1), most.reshape(-1))
        if not mask.all():
            a[~mask.reshape(-1)] = 0.0  # whatever stands in the padding, it must not spread
            share = (mask / mask.sum(axis=1, keepdims=True, dtype=np.float32))[:, None, :]
        zeros = _zeros(n * k, h)
        np.matmul(a, self.action_weights, out=each)
        by_row = each.reshape(n, k, h)
        by_row += to_each[:, None, :]
        np.maximum(each, zeros, out=each)
        pooled = (share @ by_row).reshape(n, h)  # the mean over eligible actions
        to_shared += pooled @ self.pooled_weights
        np.matmul(each, self.deep_weights, out=deep)
        by_row = deep.reshape(n, k, h)
        by_row += to_shared[:, None, :]
        return np.maximum(deep, zeros, out=deep)


def cut(values: Floats32, least: Floats32, most: Floats32) -> Floats32:
    """The values within these bounds, in place."""
    np.minimum(values, most, out=values)
    return np.maximum(values, least, out=values)


def _zeros(rows: int, h: int) -> Floats32:
    size = rows * h
    return (_ZEROS[:size] if size <= _BLOCK else np.zeros(size, np.float32)).reshape(rows, h)


def _over(weights: Floats32, std: Floats32) -> Floats32:
    return (weights.astype(np.float64) / std[:, None]).astype(np.float32)
