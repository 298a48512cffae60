"""How often intervals hold the truth: several planted worlds, sizes, estimators and intervals.

The study decides from which effective sample size on the delta interval may be trusted.
"""

import zlib
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from experiments.benchmark.cells import Record, markdown, study
from experiments.benchmark.coverage_worlds import World, draw_rows, worlds
from experiments.benchmark.rows import Row
from nba import __version__
from nba.evaluate.buckets import N_BUCKETS
from nba.evaluate.difference import difference, logging_statistics
from nba.evaluate.doubly_robust import dr
from nba.evaluate.estimand import BASE, Estimand
from nba.evaluate.intervals import Interval, delta_interval, empirical_bernstein_interval
from nba.evaluate.stats import Statistics, linearise, small_sample_interval
from nba.evaluate.weighting import ips, snips
from nba.types import Floats, Floats32

SIZES: Final = (200, 500, 1000, 2000, 5000, 20_000)
LOGS: Final = 1000
ESTIMANDS: Final = (ips.estimand, snips.estimand, dr.estimand)
LEVEL: Final = 0.95
RESAMPLES: Final = 400
KINDS: Final = ("delta", "bootstrap", "cressie-read", "bernstein", "house")
COLUMNS: Final = ("world", "n", "ess", *KINDS, "house width")
# One table of Poisson(1) counts serves all logs: they are independent of it and of each other.
_SEED: Final = 20_240
_Key = tuple[str, str]  # estimator, quantity
_Ends = dict[_Key, dict[str, list[Interval]]]


def rows(*, logs: int = LOGS, folder: Path | None = None) -> list[Row]:
    """The least coverage of each kind of interval over all cells; the table stands in `folder`."""
    cells = {
        f"{name} {n}": partial(study_cell, world, n, logs=logs)
        for name, world in worlds().items()
        for n in SIZES
    }
    records = study("coverage", cells, settings=f"{__version__} {logs} {LEVEL}", folder=folder)
    if folder is not None:
        (folder / "coverage.md").write_text(markdown(least(records), COLUMNS))
    told = f"{len(records)} cells of {logs} logs, nominal {LEVEL}"
    return [
        Row(f"least coverage, {kind}", min(float(r[kind]) for r in records), "", told)
        for kind in KINDS
    ]


def least(records: Sequence[Record]) -> list[Record]:
    """Per world and size the least coverage over estimators and quantities, and the mean width."""
    groups: dict[tuple[str, float], list[Record]] = {}
    for record in records:
        groups.setdefault((str(record["world"]), float(record["n"])), []).append(record)
    return [
        {
            **group[0],
            **{kind: min(float(r[kind]) for r in group) for kind in KINDS},
            "house width": float(np.mean([float(r["house width"]) for r in group])),
        }
        for group in groups.values()
    ]


def study_cell(
    world: World, n: int, *, logs: int, estimands: Sequence[Estimand] = ESTIMANDS
) -> list[Record]:
    """Coverage of every interval in one world at one size, by estimator and quantity."""
    rng = np.random.default_rng([_SEED, n, zlib.crc32(world.name.encode())])
    counts = np.random.default_rng(_SEED).poisson(1.0, (RESAMPLES, N_BUCKETS))
    resamples = counts.astype(np.float32)
    ends: _Ends = {}
    sizes = []
    for _ in range(logs):
        statistics = Statistics()
        statistics.add(draw_rows(world, n, rng))
        sizes.append(statistics.ess)
        logged = logging_statistics(statistics)
        drawn = [_sums(resamples, part) for part in (statistics, logged)]
        for estimand in estimands:
            mine, theirs = (_resampled(sums, estimand) for sums in drawn)
            for quantity, baseline in (("value", None), ("difference", logged)):
                values = mine if baseline is None else mine - theirs
                found = _intervals(statistics, baseline, estimand, values)
                kept = ends.setdefault((estimand.name, quantity), {})
                for kind, interval in found.items():
                    kept.setdefault(kind, []).append(interval)
    ess = float(np.mean(sizes))
    return [_record(world, n, ess, key, kinds) for key, kinds in ends.items()]


def _intervals(
    policy: Statistics, baseline: Statistics | None, estimand: Estimand, drawn: Floats
) -> Mapping[str, Interval]:
    mine = linearise(policy, estimand)
    theirs = None if baseline is None else linearise(baseline, estimand)
    value = mine.value - (theirs.value if theirs else 0.0)
    influence = mine.influence - (theirs.influence if theirs else 0.0)
    small = small_sample_interval(policy, baseline, estimand, level=LEVEL)
    chosen = (
        policy.finalize(estimand, level=LEVEL)
        if baseline is None
        else difference(policy, estimand, baseline=baseline, level=LEVEL)
    )
    assert small is not None  # all of ESTIMANDS have weights
    tail = (1 - LEVEL) / 2
    return {
        "delta": delta_interval(value, influence, level=LEVEL),
        "bootstrap": Interval(*np.quantile(drawn, [tail, 1 - tail])),
        "cressie-read": Interval(min(small.low, value), max(small.high, value)),
        "bernstein": empirical_bernstein_interval(value, influence, level=LEVEL),
        "house": Interval(chosen.low, chosen.high),
    }


def _sums(resamples: Floats32, statistics: Statistics) -> Floats:
    """The columns that the estimands need, in every resample of the buckets."""
    known = statistics.buckets[:, : len(BASE)]
    return np.asarray(resamples @ known.astype(np.float32), dtype=np.float64)


def _resampled(sums: Floats, estimand: Estimand) -> Floats:
    """The estimand in every resample, from its sums (resamples, columns)."""
    return sum(
        (numerator / denominator for numerator, denominator in estimand.ratios(sums)),
        start=np.zeros(len(sums)),
    )


def _record(
    world: World, n: int, ess: float, key: _Key, kinds: Mapping[str, list[Interval]]
) -> Record:
    estimator, quantity = key
    truth = world.truth if quantity == "value" else world.gain
    arrays = {kind: np.array(found) for kind, found in kinds.items()}
    coverage = {
        kind: float(((found[:, 0] <= truth) & (truth <= found[:, 1])).mean())
        for kind, found in arrays.items()
    }
    widths = {kind: float(np.median(found[:, 1] - found[:, 0])) for kind, found in arrays.items()}
    return {
        "world": world.name,
        "n": n,
        "ess": ess,
        "estimator": estimator,
        "quantity": quantity,
        **coverage,
        "house width": widths["house"] / widths["delta"] if widths["delta"] else 1.0,
    }
