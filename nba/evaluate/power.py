"""How many rows it takes to see a lift, and how many fewer if the target decided some of them.

What the log's own rows scatter is what the next log's will. Letting the target decide a share of
the decisions tames the weights: its variance is known before it is tried, by reweighting this log.
Sources: sample size of a z-test, any textbook; mixture logging, Owen & Zhou 2000.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np

from nba.errors import InputError
from nba.listen.blocks import chosen_flat
from nba.types import DecisionLog, Estimate, Floats

POWER: Final = 0.8
SHARES: Final = (0.0, 0.01, 0.05, 0.1, 0.25, 0.5)
MIN_ESS: Final = 100.0


@dataclass(frozen=True, slots=True)
class PowerPlan:
    """Rows needed to tell a lift, by the share of decisions that the target would take."""

    lift_eur: float  # per decision
    level: float
    power: float
    rows: Mapping[float, float]  # share of decisions given to the target → rows of the whole log

    def sentence(self) -> str:
        """The plan in words: as things are, and with the share that pays most for its risk."""
        now = self.rows[0.0]
        text = (
            f"to see a lift of {self.lift_eur:.3g} EUR per decision with power {self.power:.0%}, "
            f"log about {rounded(now)} rows"
        )
        helpful = [share for share, rows in self.rows.items() if share and rows < 0.5 * now]
        if not helpful:
            return text
        share = min(helpful)
        return f"{text}, or {rounded(self.rows[share])} if the target takes {share:.0%} of them"


def rows_to_detect(
    difference: Estimate, *, lift_eur: float, power: float = POWER, min_ess: float = MIN_ESS
) -> float:
    """Rows of a log like this one in which a lift would be told from none; infinite if none would.

    >>> seen = Estimate(0.1, 0.1, -0.1, 0.3, ess=500.0, method="dr", diagnostics={"rows": 1000.0})
    >>> round(rows_to_detect(seen, lift_eur=0.1))
    7849
    """
    needed = _quantiles(difference.level, power) * difference.std_error / _positive(lift_eur)
    rows = difference.diagnostics["rows"]
    if difference.ess <= 0:
        return math.inf
    return rows * max(needed**2, min_ess / difference.ess)


def detectable_lift(difference: Estimate, *, power: float = POWER) -> float:
    """The least lift in EUR per decision that this very log would tell from none.

    >>> seen = Estimate(0.1, 0.1, -0.1, 0.3, ess=500.0, method="dr", diagnostics={"rows": 1000.0})
    >>> round(detectable_lift(seen), 3)
    0.28
    """
    return _quantiles(difference.level, power) * difference.std_error


def plan_power(
    log: DecisionLog,
    target: Floats,
    difference: Estimate,
    *,
    lift_eur: float,
    reward_predictions: Floats | None = None,
    shares: tuple[float, ...] = SHARES,
    power: float = POWER,
    min_ess: float = MIN_ESS,
) -> PowerPlan:
    """Rows needed by the share of decisions that the target would take in the next log.

    `difference` is the log's paired difference to the logging policy; `target` and
    `reward_predictions` are (m,). Raises InputError for a lift that is not above zero.
    """
    used = ~np.isnan(log.reward)
    chosen = chosen_flat(log)
    weight = (target[chosen] / log.propensity)[used]
    predicted, value = np.zeros(len(log)), np.zeros(len(log))
    if reward_predictions is not None:
        predicted = reward_predictions[chosen]
        value = np.add.reduceat(target * reward_predictions, log.offsets[:-1])
    error = (log.reward - predicted)[used]
    rows_now = difference.diagnostics["rows"]
    # The variance of one row, as the difference's error has it: repeated customers are in it.
    row_variance = difference.std_error**2 * rows_now
    plain = weight * error + (value - log.reward)[used]
    inflation = row_variance / max(float(plain.var()), 1e-300)
    weighted = float(np.mean(np.square((weight - 1.0) * error)))
    rest = max(0.0, float(plain.var()) - weighted)
    needed = (_quantiles(difference.level, power) / _positive(lift_eur)) ** 2
    rows = {}
    for share in (0.0, *[s for s in shares if s > 0]):
        # How much more often the mixture does what was logged: (1 - s) μ + s π over μ.
        more = 1.0 - share + share * weight
        spread = float(np.mean(np.square((weight - 1.0) * error) / more))
        rows[share] = max(
            needed * inflation * (rest + spread),
            min_ess * float(np.mean(np.square(weight) / more)),
        )
    return PowerPlan(lift_eur, difference.level, power, rows)


def rounded(rows: float) -> str:
    """Two digits: nobody knows more about rows that are yet to come.

    >>> rounded(12_345.0), rounded(float("inf"))
    ('12,000', 'more rows than any')
    """
    return f"{float(f'{rows:.2g}'):,.0f}" if math.isfinite(rows) else "more rows than any"


def _quantiles(level: float, power: float) -> float:
    if not 0.0 < power < 1.0:
        raise InputError(f"power is {power}; give the chance to see the lift, between 0 and 1")
    normal = NormalDist()
    return normal.inv_cdf(0.5 + level / 2) + normal.inv_cdf(power)


def _positive(lift_eur: float) -> float:
    if not lift_eur > 0.0:
        raise InputError(f"a lift of {lift_eur} EUR per decision; give one above zero")
    return lift_eur
