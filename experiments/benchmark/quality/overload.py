"""The employees' side: what scorers earn that were trained with other prices of overload.

All are judged by the one objective; a price of overload in training only steers what is learned.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from experiments.benchmark.cells import Record
from experiments.benchmark.quality.judge import alone, judged
from experiments.benchmark.quality.ladder import from_start, priced_start
from experiments.benchmark.quality.protocol import Place
from experiments.pareto import Tradeoff, tradeoffs
from nba.listen.objective import CONTACT_CENTRE_WEIGHTS, Objective

TIMES: Final = (0.0, 8.0)  # the objective's own price; the scorer itself has it once


def overload_cell(times: float, place: Place) -> list[Record]:
    """A record per held-out day of a scorer for which overload costs `times` its price."""
    with alone():
        weights = dict(CONTACT_CENTRE_WEIGHTS)
        weights["overload_s"] *= times
        policy = from_start(place, priced_start(place), objective=Objective(weights))
        return judged(place, {f"scorer, overload × {times:g}": policy})


def places_of(records: Sequence[Record], preset: str, scenario: str) -> list[Tradeoff]:
    """Where every policy stands between earnings and overload, least overload first."""
    here = [r for r in records if (r["preset"], r["scenario"]) == (preset, scenario)]
    names = dict.fromkeys(str(r["policy"]) for r in here)
    return tradeoffs(
        (name, _mean(here, name, "eur_per_contact"), _mean(here, name, "overload_min"))
        for name in names
    )


def _mean(records: Sequence[Record], policy: str, figure: str) -> float:
    return float(np.mean([float(r[figure]) for r in records if r["policy"] == policy]))
