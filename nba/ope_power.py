"""How many rows would it take to see a lift?"""

from dataclasses import dataclass, replace

import numpy as np

from nba.errors import InputError
from nba.evaluate.answer import Answer
from nba.evaluate.decision_evaluation import LogTarget
from nba.evaluate.power import PowerPlan, detectable_lift, plan_power, rounded, rows_to_detect
from nba.types import DecisionLog, Estimate
from nba.understand.reward_model import cross_fit_rewards


@dataclass(frozen=True, slots=True)
class Power:
    """Rows needed to see a lift, and the least lift that the log at hand shows."""

    policy: str
    lift: float  # per decision, in the reward's unit
    mean: float  # what the log earned per decision
    power: float
    rows: float  # of a log like this one
    detectable: float  # the least lift that this very log would show
    trial_rows: float  # of a trial in which the target decides half of the decisions
    by_share: PowerPlan | None = None  # rows by the share that the target would decide

    def as_json(self) -> dict[str, object]:
        """The object that `nba ope power --json` prints."""
        shares = [] if self.by_share is None else self.by_share.rows.items()
        return {
            "target": self.policy,
            "mean": self.mean,
            "lift": self.lift,
            "power": self.power,
            "rows": self.rows,
            "detectable_lift": self.detectable,
            "trial_rows": self.trial_rows,
            "rows_by_share": [{"share": share, "rows": rows} for share, rows in shares],
        }

    def _repr_markdown_(self) -> str:  # what a notebook shows
        return f"```\n{self}\n```"

    def __str__(self) -> str:
        told = [
            f"the log earned {self.mean:.4g} per decision; a lift of {self.lift:.3g}",
            (
                f"- seen offline with power {self.power:.0%} in about {rounded(self.rows)} rows "
                f"like these ({self.policy}); this log shows {self.detectable:.3g} at the least"
            ),
            f"- seen in a trial of half and half in about {rounded(self.trial_rows)} decisions",
        ]
        if self.by_share is not None:
            told += [
                f"- if {self.policy} decides {share:.0%} of the next log: {rounded(rows)} rows"
                for share, rows in self.by_share.rows.items()
                if share
            ]
        return "\n".join(told)


def power_of(answer: Answer, lift: str, *, power: float) -> Power:
    """The power of a log, from an answer about the target on it.

    `lift` is an amount per decision ("0.05") or a part of what the log earned ("2%"). Raises
    InputError for a lift that is not above zero.
    """
    mean = answer.logging
    amount = lift_of(lift, mean.value)
    found = answer.difference
    rows = mean.diagnostics["rows"]
    # Both halves of a trial scatter as the log does, each with half of the rows: 4 times as many.
    halves = replace(mean, std_error=2.0 * mean.std_error, ess=rows)
    return Power(
        policy=answer.policy,
        lift=amount,
        mean=mean.value,
        power=power,
        rows=rows_to_detect(found, lift_eur=amount, power=power),
        detectable=detectable_lift(found, power=power),
        trial_rows=rows_to_detect(halves, lift_eur=amount, power=power),
    )


def shares_of(log: DecisionLog, target: LogTarget, difference: Estimate, found: Power) -> PowerPlan:
    """Rows needed by the share of the decisions that the target would take in the next log."""
    return plan_power(
        log,
        target.probabilities,
        difference,
        lift_eur=found.lift,
        reward_predictions=cross_fit_rewards(log),
        power=found.power,
    )


def lift_of(text: str, mean: float) -> float:
    """The lift per decision that a text means.

    >>> lift_of("2%", 5.0), lift_of("0.05", 5.0)
    (0.1, 0.05)
    """
    try:
        number = float(text.removesuffix("%"))
    except ValueError as error:
        raise InputError(f"--lift is {text!r}; give an amount or a part, such as 2%") from error
    lift = abs(mean) * number / 100.0 if text.endswith("%") else number
    if not (np.isfinite(lift) and lift > 0):
        raise InputError(f"--lift is {text!r}, which is {lift:.3g} here; give one above zero")
    return lift
