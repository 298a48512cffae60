"""Fits a softmax policy that is linear in the basis' terms, by Adam on minibatches of decisions.

Source: Kingma and Ba 2015 (Adam).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from nba.errors import InputError, LogError
from nba.listen.blocks import padded_blocks
from nba.seeding import generator
from nba.types import DecisionLog, Floats, Floats32, Ints
from nba.understand.basis import Basis
from nba.understand.posterior import flat_terms

_BLOCK: Final = 4096
_DECAY: Final = (0.9, 0.999)
_TINY: Final = 1e-8


@dataclass(frozen=True, slots=True)
class Fitting:
    """How long and how boldly; the defaults suit logs of ten thousand to a million decisions."""

    epochs: int = 20
    batch: int = 2048  # decisions between two steps
    rate: float = 0.05  # Adam's step, falling to a twentieth
    ridge: float = 1e-4  # on the squared weights, per decision
    seed: int = 0

    def __post_init__(self) -> None:
        for name, low in (("epochs", 1), ("batch", 1), ("rate", 1e-12), ("ridge", 0.0)):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) >= low):
                raise InputError(f"{name} is {getattr(self, name)}; at least {low:g} is needed")


@dataclass(frozen=True, slots=True)
class Offers:
    """The actions of some decisions in flat order, ready for linear scores."""

    terms: Floats32  # (u, terms)
    group: Ints  # (u,) which weights an action is scored with
    starts: Ints  # (n + 1,) decision i offers starts[i]:starts[i + 1]
    places: Ints  # (u,) where they stand in the log's flat order

    @classmethod
    def of_log(cls, basis: Basis, log: DecisionLog, rows: Ints) -> "Offers":
        """The offers of the given rows."""
        terms, groups, places = [], [], []
        for block in padded_blocks(log, rows, size=_BLOCK):
            found, kinds = flat_terms(basis, block.context, block.actions, block.mask)
            terms.append(found.astype(np.float32))
            groups.append(kinds.argmax(axis=1))
            places.append(block.flat)
        counts = np.diff(log.offsets)[rows]
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return cls(np.concatenate(terms), np.concatenate(groups), starts, np.concatenate(places))

    def some(self, rows: Ints) -> "Offers":
        """Only these decisions, in this order."""
        first, count = self.starts[rows], np.diff(self.starts)[rows]
        starts = np.concatenate([[0], np.cumsum(count)])
        flat = np.repeat(first - starts[:-1], count) + np.arange(starts[-1])
        return Offers(self.terms[flat], self.group[flat], starts, self.places[flat])

    def probabilities(self, weights: Floats32) -> Floats32:
        """Softmax of the linear scores within each decision, (u,)."""
        scores = np.einsum("ut,ut->u", self.terms, weights[self.group])
        begins, count = self.starts[:-1], np.diff(self.starts)
        scores -= np.repeat(np.maximum.reduceat(scores, begins), count)
        raised = np.exp(scores)
        return np.asarray(raised / np.repeat(np.add.reduceat(raised, begins), count))


# Offers of a minibatch, their probabilities and places → the gradient to climb, by score (u,).
Climb = Callable[[Offers, Floats32], Floats]


def fit_softmax(
    offers: Offers,
    n_groups: int,
    climb: Climb,
    fitting: Fitting,
    *,
    progress: Callable[[int], None] | None = None,
) -> Floats:
    """The weights (G, terms) after climbing; LogError when they stop being finite.

    `progress` is called with 1 after every epoch. The same arguments give the same weights.
    """
    n_terms = offers.terms.shape[1]
    weights: Floats32 = np.zeros((n_groups, n_terms), dtype=np.float32)
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    batches = _minibatches(len(offers.starts) - 1, fitting)
    per_epoch = -(-(len(offers.starts) - 1) // fitting.batch)
    steps = fitting.epochs * per_epoch
    for step, rows in enumerate(batches, start=1):
        part = offers.some(rows)
        by_score = climb(part, part.probabilities(weights)).astype(np.float32)
        slope = np.zeros_like(weights)
        for group in range(n_groups):
            mine = part.group == group
            slope[group] = by_score[mine] @ part.terms[mine]
        slope = slope / np.float32(len(rows)) - np.float32(2.0 * fitting.ridge) * weights
        mean += np.float32(1.0 - _DECAY[0]) * (slope - mean)
        square += np.float32(1.0 - _DECAY[1]) * (slope * slope - square)
        size = fitting.rate * (1.0 - 0.95 * (step - 1) / steps)
        size *= np.sqrt(1.0 - _DECAY[1] ** step) / (1.0 - _DECAY[0] ** step)
        weights += np.float32(size) * mean / (np.sqrt(square) + np.float32(_TINY))
        if step % per_epoch == 0:
            if not np.isfinite(weights).all():
                raise LogError(
                    f"weights are not finite after {step} steps; are all rewards and propensities "
                    "of the log finite? A smaller rate may help"
                )
            if progress is not None:
                progress(1)
    return weights.astype(np.float64)


def _minibatches(n: int, fitting: Fitting) -> Iterator[Ints]:
    rng = generator(fitting.seed, "minibatches")
    for _ in range(fitting.epochs):
        order = rng.permutation(n)
        for start in range(0, n, fitting.batch):
            yield order[start : start + fitting.batch]
