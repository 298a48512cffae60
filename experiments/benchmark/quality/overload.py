"""The employees' side: what scorers earn that were trained with other prices of overload.

All are judged by the one objective; a price of overload in training only steers what is learned.
"""

from typing import Final

from experiments.benchmark.cells import Record
from experiments.benchmark.quality.judge import alone, judged
from experiments.benchmark.quality.ladder import from_start, priced_start
from experiments.benchmark.quality.protocol import Place
from nba.listen.objective import CONTACT_CENTRE_WEIGHTS, Objective

TIMES: Final = (0.0, 8.0)  # the objective's own price; the scorer itself has it once


def overload_cell(times: float, place: Place) -> list[Record]:
    """A record per held-out day of a scorer for which overload costs `times` its price."""
    with alone():
        weights = dict(CONTACT_CENTRE_WEIGHTS)
        weights["overload_s"] *= times
        policy = from_start(place, priced_start(place), objective=Objective(weights))
        return judged(place, {f"scorer, overload × {times:g}": policy})
