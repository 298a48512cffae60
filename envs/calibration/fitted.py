"""One fitted number of a centre: its value, its standard error, and the rows behind it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from envs.config import CentreConfig
from nba.types import Floats, Ints


@dataclass(frozen=True, slots=True)
class Fitted:
    """A field of `CentreConfig` as fitted; a tuple field has one error per entry."""

    field: str
    value: float | int | tuple[float, ...]
    std_error: float | tuple[float, ...]
    n: int | tuple[int, ...]  # rows that carry the information
    how: str  # what is identified, in one sentence


@dataclass(frozen=True, slots=True)
class Part:
    """What one idea of the calibration found: fields, what was left out and why, and curves."""

    fitted: tuple[Fitted, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()  # (field, reason)
    notes: tuple[str, ...] = ()  # biases and limits a reader has to know
    figures: tuple[tuple[str, float], ...] = ()  # measured, but no field of the configuration

    def __add__(self, other: "Part") -> "Part":
        return Part(
            self.fitted + other.fitted,
            self.left_out + other.left_out,
            self.notes + other.notes,
            self.figures + other.figures,
        )


def share(field: str, hits: int, n: int, how: str, *, least: int = 30) -> Part:
    """A binomial share with its error; left out below `least` rows or when it is 0 or 1."""
    if n == 0:
        return Part(left_out=((field, "not in the data"),))
    if n < least or hits in {0, n}:
        return Part(left_out=((field, f"{hits} of {n} rows: too few of one kind to tell"),))
    p = hits / n
    return Part((Fitted(field, p, float(np.sqrt(p * (1.0 - p) / n)), n, how),))


def jackknife_error(groups: Ints, estimate: Callable[[Floats], Floats]) -> Floats:
    """Standard errors of an estimate by leaving out one group of rows at a time.

    `estimate` takes row weights (n,) of zero and one. Source: Efron and Stein 1981, for groups.
    """
    names = np.unique(groups)
    if len(names) < 2:
        return np.full_like(np.atleast_1d(estimate(np.ones(len(groups)))), np.inf)
    left = np.array([np.atleast_1d(estimate((groups != g).astype(np.float64))) for g in names])
    spread = np.square(left - left.mean(axis=0)).sum(axis=0)
    return np.asarray(np.sqrt(spread * (len(names) - 1) / len(names)))


def numbers(config: CentreConfig, field: str) -> Floats:
    """A field of a configuration as an array of at least one number."""
    return np.atleast_1d(np.asarray(getattr(config, field), dtype=np.float64))
