"""Bandits with one linear model for all actions: every batch of outcomes sharpens the posterior.

Sources: Li et al. 2010 (LinUCB), Agrawal and Goyal 2013 (linear Thompson sampling), Foster and
Rakhlin 2020 (SquareCB); Russac et al. 2019 (forgetting in a world that drifts).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Final

import numpy as np

from nba.act.greedy import Greedy
from nba.act.linucb import LinUcb
from nba.act.softmax import Softmax
from nba.act.squarecb import SquareCb
from nba.act.thompson import Thompson
from nba.errors import InputError, LogError
from nba.seeding import generator
from nba.types import DecisionLog, Floats, Policy
from nba.understand.basis import Basis, make_basis
from nba.understand.fit import RIDGE, Gram
from nba.understand.posterior import (
    Evidence,
    LinearPosterior,
    noise_variance,
    posterior,
    rewarded_rows,
)

_EVIDENCE: Final = "evidence."
_BASIS: Final = "basis."
Explore = Callable[[LinearPosterior, float], Policy]  # posterior, rows seen → policy


@dataclass(slots=True)
class LinearBandit:
    """Adds up logs; its policy explores by what the posterior leaves open.

    The first log sets the scale of the features. A learner restored from `checkpoint` goes on bit
    for bit as the one that made it.
    """

    explore: Explore
    ridge: float = RIDGE  # rows of evidence that a weight has to outweigh
    keep: float = 1.0  # what the rows of earlier logs count for after each new log
    _basis: Basis | None = field(default=None, init=False)
    _evidence: Evidence | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if not 0.0 < self.keep <= 1.0:
            raise InputError(f"keep is {self.keep}; a share in (0, 1] is needed")
        if not (np.isfinite(self.ridge) and self.ridge > 0.0):
            raise InputError(f"ridge is {self.ridge}; a number above 0 is needed")

    def learn(self, log: DecisionLog) -> None:
        """Add the rows that have a reward; LogError if none has one."""
        rows = rewarded_rows(log)
        if not len(rows):
            raise LogError(
                f"none of the log's {len(log)} rows has a reward; join its outcomes first "
                "(nba.listen.outcomes) or wait for the reward windows to close"
            )
        if self._basis is None:
            names = log.context_names, log.action_names
            self._basis = make_basis(*names, context=log.context, actions=log.actions)
        before = self._evidence or Evidence.none(self._basis)
        new = Evidence.of_rows(self._basis, log, rows)
        self._evidence = before.plus(new, keep=self.keep)

    def policy(self) -> Policy:
        """A snapshot of what is known; LogError before the first log."""
        if self._basis is None or self._evidence is None:
            raise LogError("nothing has been learned yet; call learn(log) first")
        known = posterior(self._basis, self._evidence, ridge=self.ridge)
        return self.explore(known, self._evidence.rows)

    @property
    def noise(self) -> float:
        """The standard deviation of a reward around its prediction, EUR; LogError at first."""
        if self._basis is None or self._evidence is None:
            raise LogError("nothing has been learned yet; call learn(log) first")
        weights = posterior(self._basis, self._evidence, ridge=self.ridge).model.weights
        return float(np.sqrt(noise_variance(self._evidence, weights)))

    def checkpoint(self) -> dict[str, Floats]:
        """All that was learned, as named float arrays; empty before the first log."""
        if self._basis is None or self._evidence is None:
            return {}
        basis = {f"{_BASIS}{f.name}": getattr(self._basis, f.name) for f in fields(Basis)}
        known = self._evidence
        counts = np.array([known.squares, known.rows])
        sums = {"terms": known.gram.terms, "rewards": known.gram.rewards, "counts": counts}
        return basis | {f"{_EVIDENCE}{name}": array for name, array in sums.items()}

    def restore(self, arrays: Mapping[str, Floats]) -> None:
        """Go on from a checkpoint; InputError names an array that is absent."""
        names = [f"{_BASIS}{f.name}" for f in fields(Basis)]
        names += [f"{_EVIDENCE}{name}" for name in ("terms", "rewards", "counts")]
        absent = [name for name in names if name not in arrays]
        if absent:
            raise InputError(f"the checkpoint has no array {absent[0]!r}; was it cut off?")
        kept = {f.name: np.array(arrays[f"{_BASIS}{f.name}"]) for f in fields(Basis)}
        terms, rewards, counts = (np.array(arrays[name]) for name in names[-3:])
        self._basis = Basis(**kept)
        self._evidence = Evidence(Gram(terms, rewards), float(counts[0]), float(counts[1]))


def epsilon_greedy(*, epsilon: float) -> Explore:
    """The best known action, and a share of random ones."""
    return lambda known, _: Greedy(known.model, floor=epsilon, name="epsilon_greedy")


def softmax(*, temperature: float, floor: float = 0.0) -> Explore:
    """Softmax of predicted rewards / temperature (EUR)."""
    return lambda known, _: Softmax(known.model, temperature, floor)


def linucb(*, width: float, floor: float = 0.0) -> Explore:
    """Optimism: so many standard deviations above the mean."""
    return lambda known, _: LinUcb(known, width, floor)


def thompson(*, seed: int, n_draws: int = 64, floor: float = 0.0) -> Explore:
    """Linear Thompson sampling over draws that depend on the seed and the rows seen."""

    def explore(known: LinearPosterior, rows: float) -> Policy:
        draws = known.draws(n_draws, generator(seed, f"thompson draws {rows:.6f}"))
        return Thompson(known.model, draws, floor)

    return explore


def squarecb(*, scale: float) -> Explore:
    """Inverse gap weighting, with γ = scale · √rows as the theory wants."""
    return lambda known, rows: SquareCb(known.model, scale * float(np.sqrt(rows)))
