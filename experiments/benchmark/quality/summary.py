"""What the days say: differences paired by day, shares of the gap, and how sure all that is.

Source: Agarwal et al. 2021 (interquartile mean, stratified bootstrap, probability of improvement).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from experiments.benchmark.cells import Record
from experiments.benchmark.quality.protocol import ANCHOR, FLOOR
from experiments.compare import Interval, mean_interval
from nba.seeding import generator
from nba.types import Floats

ENOUGH: Final = 3  # trainings, from which on they are counted and not their days
_RESAMPLES: Final = 2000
_LEVEL: Final = 0.95

Days = Mapping[int, Floats]  # training seed → a figure's (n_days,)


@dataclass(frozen=True, slots=True)
class Standing:
    """How one policy does in one preset and scenario."""

    policy: str
    trainings: int
    earned: Interval  # EUR per contact
    over_anchor: Interval  # EUR per contact more than the index rule, on the same days
    gap_closed: float  # share of the way from longest-idle to the best policy here
    wait_s: float
    abandoned: float
    overload_min: float

    @property
    def over_trainings(self) -> bool:
        """Whether its intervals tell of another training, and not of other days alone."""
        return self.trainings >= ENOUGH


@dataclass(frozen=True, slots=True)
class Overall:
    """How one policy does over all presets at once."""

    policy: str
    trainings: int  # in the preset with the fewest
    score: Interval  # interquartile mean of the share of the gap closed
    improvement: float  # probability of earning more than the index rule


def standings(records: Sequence[Record], preset: str, scenario: str) -> list[Standing]:
    """Every policy of a preset and scenario, the one that earns most first."""
    here = [r for r in records if r["preset"] == preset and r["scenario"] == scenario]
    policies = list(dict.fromkeys(str(r["policy"]) for r in here))
    earned = {name: figure(here, name, "eur_per_contact") for name in policies}
    means = {name: _mean(days) for name, days in earned.items()}
    best, floor = max(means.values()), means[FLOOR]
    found = [
        Standing(
            policy=name,
            trainings=len(earned[name]),
            earned=_interval(list(earned[name].values())),
            over_anchor=difference(earned[name], earned[ANCHOR]),
            gap_closed=(means[name] - floor) / (best - floor),
            wait_s=_mean(figure(here, name, "wait_s")),
            abandoned=_mean(figure(here, name, "abandoned")),
            overload_min=_mean(figure(here, name, "overload_min")),
        )
        for name in policies
    ]
    return sorted(found, key=lambda each: -each.earned.value)


def overall(records: Sequence[Record], scenario: str) -> list[Overall]:
    """Every policy over all presets: its share of the gap, and how often it beats the anchor.

    A training counts once per preset; its score is its mean over the held-out days.
    """
    here = [r for r in records if r["scenario"] == scenario]
    presets = list(dict.fromkeys(str(r["preset"]) for r in here))
    scores: dict[str, list[Floats]] = {}
    for preset in presets:
        mine = [r for r in here if r["preset"] == preset]
        policies = list(dict.fromkeys(str(r["policy"]) for r in mine))
        earned = {name: figure(mine, name, "eur_per_contact") for name in policies}
        best, floor = max(_mean(days) for days in earned.values()), _mean(earned[FLOOR])
        for name, days in earned.items():
            means = np.array([each.mean() for each in days.values()])
            scores.setdefault(name, []).append((means - floor) / (best - floor))
    anchor = scores[ANCHOR]
    found = [
        Overall(
            name,
            min(len(part) for part in parts),
            _resampled(parts),
            float(np.mean([_beats(a, b) for a, b in zip(parts, anchor, strict=True)])),
        )
        for name, parts in scores.items()
        if len(parts) == len(presets)
    ]
    return sorted(found, key=lambda each: -each.score.value)


def figure(records: Sequence[Record], policy: str, name: str) -> Days:
    """A figure of one policy, by training seed and in the order of days."""
    rows = [r for r in records if r["policy"] == policy]
    seeds = sorted({int(r["seed"]) for r in rows})
    ordered = sorted(rows, key=lambda r: (int(r["seed"]), int(r["day"])))
    return {
        seed: np.array([float(r[name]) for r in ordered if int(r["seed"]) == seed])
        for seed in seeds
    }


def paired(policy: Days, minus: Days) -> list[Floats]:
    """The differences of the trainings that both have, day by day."""
    return [policy[seed] - minus[seed] for seed in policy if seed in minus]


def difference(policy: Days, minus: Days) -> Interval:
    """The mean difference over the trainings that both have, with its interval."""
    return _interval(paired(policy, minus))


def interquartile_mean(values: Floats) -> float:
    """The mean of the middle half, the values at its ends counted in part.

    >>> interquartile_mean(np.array([0.0, 1.0, 2.0, 3.0, 100.0]))
    2.0
    """
    ordered = np.sort(values)
    places = np.arange(len(ordered))
    low, high = len(ordered) / 4, 3 * len(ordered) / 4
    weight = np.clip(np.minimum(places + 1, high) - np.maximum(places, low), 0.0, 1.0)
    return float(weight @ ordered / weight.sum())


def _interval(parts: Sequence[Floats]) -> Interval:
    """Over trainings where there are enough of them, else over the days of all."""
    if len(parts) >= ENOUGH:
        return mean_interval(np.array([days.mean() for days in parts]))
    return mean_interval(np.concatenate(parts))


def _mean(days: Days) -> float:
    return float(np.mean([each.mean() for each in days.values()]))


def _resampled(parts: Sequence[Floats]) -> Interval:
    """The interquartile mean, with trainings resampled within each preset."""
    rng = generator(0, "quality resamples")
    drawn = [part[rng.integers(0, len(part), (_RESAMPLES, len(part)))] for part in parts]
    means = [interquartile_mean(row) for row in np.concatenate(drawn, axis=1)]
    low, high = np.quantile(means, ((1 - _LEVEL) / 2, (1 + _LEVEL) / 2))
    return Interval(interquartile_mean(np.concatenate(parts)), float(low), float(high))


def _beats(policy: Floats, other: Floats) -> float:
    """The share of pairs of trainings in which one earns more; a tie is half."""
    gaps = policy[:, None] - other[None, :]
    return float(np.mean((gaps > 0.0) + 0.5 * (gaps == 0.0)))
