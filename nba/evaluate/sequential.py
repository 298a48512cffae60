"""What a target would have earned per episode, from logs in which one choice leads to the next.

Per-decision importance sampling and its weighted form, doubly robust and weighted doubly robust,
and fitted Q evaluation. With one step they are ips, snips, dr, sndr and dm.
Sources: Precup, Sutton, Singh 2000 (pdis); Thomas 2015 (consistent weighted pdis); Jiang & Li 2016
(seq-dr); Thomas & Brunskill 2016 (wdr); Le, Voloshin, Yue 2019 (fqe).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from nba.evaluate.check import validate_log, validate_target
from nba.evaluate.episodes import Episodes, make_episodes
from nba.evaluate.fitted_q_evaluation import fitted_q
from nba.evaluate.sequential_statistics import MODELLED, EpisodeRows, SequentialStatistics
from nba.listen.blocks import chosen_flat
from nba.types import DecisionLog, Estimate, Floats, Ints, Texts


@dataclass(frozen=True, slots=True)
class SequentialEstimator:
    """Estimates the return of a target per episode; call it with a log, a target and episodes."""

    name: str

    def __call__(
        self,
        log: DecisionLog,
        target: Floats,
        *,
        episodes: Episodes,
        level: float = 0.95,
        reward_predictions: Floats | None = None,
        discount: float = 1.0,
    ) -> Estimate:
        """The target's expected return in EUR per episode, with its interval by unit buckets.

        `reward_predictions` (m,) are predicted returns from each logged action on; where a model
        is needed and none is given, fitted Q evaluation is cross-fitted on this log.
        """
        if self.name in MODELLED and reward_predictions is None:
            reward_predictions = fitted_q(log, target, episodes, discount=discount)
        statistics = SequentialStatistics(discount)
        statistics.update(episode_rows(log, target, episodes, reward_predictions))
        return statistics.finalize(self.name, level=level)


def episode_rows(
    log: DecisionLog, target: Floats, episodes: Episodes, reward_predictions: Floats | None = None
) -> EpisodeRows:
    """The rows of a log for a target's (m,) probabilities and predicted returns (m,)."""
    validate_log(log)
    validate_target(log, target)
    chosen = chosen_flat(log)
    predicted, value = np.zeros(len(log)), np.zeros(len(log))
    if reward_predictions is not None:
        predicted = reward_predictions[chosen]
        value = np.add.reduceat(target * reward_predictions, log.offsets[:-1])
    weight = target[chosen] / log.propensity
    return EpisodeRows(episodes, weight, log.reward, log.unit, predicted, value)


def weighted_episodes(
    episode: Texts, step: Ints, weight: Floats, reward: Floats, *, unit: Texts | None = None
) -> EpisodeRows:
    """The rows of a log that tells weights alone (target / propensity), each column (n,).

    They are enough for pdis and wpdis; without `unit` every episode is a unit of its own.

    >>> rows = weighted_episodes(
    ...     np.array(["a", "a", "b"], dtype=object), np.array([0, 1, 0]),
    ...     np.array([1.0, 2.0, 1.0]), np.array([1.0, 1.0, 3.0]))
    >>> sums = SequentialStatistics()
    >>> sums.update(rows)
    >>> sums.finalize("pdis").value
    3.0
    """
    nothing = np.zeros(len(weight))
    names = episode if unit is None else unit
    return EpisodeRows(make_episodes(episode, step), weight, reward, names, nothing, nothing)


pdis: Final = SequentialEstimator("pdis")
wpdis: Final = SequentialEstimator("wpdis")
seq_dr: Final = SequentialEstimator("seq-dr")
wdr: Final = SequentialEstimator("wdr")
fqe: Final = SequentialEstimator("fqe")
SEQUENTIAL: Final = (pdis, wpdis, seq_dr, wdr, fqe)
