"""Shrunk weights: a little bias for much less noise where single rows would decide.

λ is taken from the fixed grids of `nba.evaluate.estimand`; `nba.evaluate.tuning` chooses it.
"""

from collections.abc import Mapping
from typing import Final

from nba.errors import InputError
from nba.evaluate.direct import dm
from nba.evaluate.doubly_robust import dr
from nba.evaluate.estimand import GRIDS, Estimand, Family, Shrinkage, shrunk_column
from nba.evaluate.estimator import RatioEstimator
from nba.evaluate.weighting import ips

NAMES: Final[Mapping[Family, str]] = {
    "clip": "clipped-ips",
    "subgaussian": "sub-gaussian",
    "switch": "switch-dr",
    "dros": "dros",
}
_MODELLED: Final = ("switch", "dros")


def clipped_ips(strength: float) -> RatioEstimator:
    """Σ min(w, λ) r / n for a λ of the grid; for an infinite one it is IPS."""
    return _shrunk("clip", strength, unshrunk=float("inf"))


def sub_gaussian(strength: float) -> RatioEstimator:
    """Σ w / (1 - λ + λ w) r / n for a λ of the grid; for λ = 0 it is IPS, for 1 the mean reward."""
    return _shrunk("subgaussian", strength, unshrunk=0.0)


def switch_dr(strength: float) -> RatioEstimator:
    """Σ (v + [w ≤ λ] w (r - q)) / n for a λ of the grid; infinite is DR, 0 the direct method."""
    return _shrunk("switch", strength, unshrunk=float("inf"))


def dros(strength: float) -> RatioEstimator:
    """Σ (v + λ w / (w² + λ) (r - q)) / n for a λ of the grid; infinite is DR, 0 the direct method.

    >>> dros(10.0).name
    'dros[10]'
    """
    return _shrunk("dros", strength, unshrunk=float("inf"))


def shrinkage_path(family: Family) -> tuple[Estimand, ...]:
    """A family's estimands from the one without bias to the one with the least noise."""
    start = dr if family in _MODELLED else ips
    steps = tuple(_estimand(family, strength) for strength in GRIDS[family])
    return (start.estimand, *steps, dm.estimand) if start is dr else (start.estimand, *steps)


def _shrunk(family: Family, strength: float, *, unshrunk: float) -> RatioEstimator:
    if strength == unshrunk:
        return dr if family in _MODELLED else ips
    if strength == 0.0 and family in _MODELLED:
        return dm
    if strength not in GRIDS[family]:
        grid = ", ".join(f"{value:g}" for value in sorted(GRIDS[family]))
        raise InputError(
            f"λ of {NAMES[family]} is {strength:g}, of which no sums are kept; use one of {grid} "
            f"or {unshrunk:g}"
        )
    return RatioEstimator(_estimand(family, strength))


def _estimand(family: Family, strength: float) -> Estimand:
    model = {"v": 1.0} if family in _MODELLED else {}
    return Estimand(
        f"{NAMES[family]}[{strength:g}]",
        {**model, shrunk_column(family, strength): 1.0},
        shrinkage=Shrinkage(family, strength),
    )
