"""What the demo has to show: one result, as JSON for machines and as a table for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich import box
from rich.table import Table

from envs.evaluate_days import DayTable
from experiments.compare import Interval, mean_interval, paired_difference
from nba.evaluate.evaluation import Evaluation
from nba.types import Verdict

BASELINE = "longest_idle"


@dataclass(frozen=True, slots=True)
class DemoResult:
    """The figures of a walk; tables hold the same days for every policy."""

    seconds: float
    seed: int
    tables: Sequence[DayTable]
    offline: Mapping[str, Evaluation]  # policy → what the log says of it
    decision: Mapping[str, object]  # the server's reply
    report: str  # path of the page

    @property
    def verdict(self) -> Verdict:
        """The gate's word on the trained policy."""
        return self.offline["trained"].result.verdict

    def differences(self) -> list[tuple[str, str, Interval]]:
        """EUR per contact of trained minus every other policy, and of the others minus BASELINE."""
        by_name = {table.policy: table for table in self.tables}
        pairs = [("trained", name) for name in by_name if name != "trained"]
        pairs += [(name, BASELINE) for name in by_name if name not in ("trained", BASELINE)]
        return [(a, b, paired_difference(by_name[a], by_name[b])) for a, b in pairs]

    def to_json(self) -> dict[str, object]:
        """The result as plain values; the keys are a promise to scripts."""
        return {
            "seconds": round(self.seconds, 1),
            "policies": [_policy_row(table) for table in self.tables],
            "differences": [
                {"policy": a, "minus": b, "value": d.value, "low": d.low, "high": d.high}
                for a, b, d in self.differences()
            ],
            "offline": [
                {
                    "policy": name,
                    "estimator": e.method,
                    "value": e.value,
                    "low": e.low,
                    "high": e.high,
                    "ess": e.ess,
                }
                for name, found in self.offline.items()
                for e in found.estimates
            ],
            "verdict": self.verdict,
            "decision": self.decision,
            "report": self.report,
        }

    def table(self) -> Table:
        """The final table for a terminal of 80 columns; ± is half a 95 % interval."""
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
        table.add_column("policy", no_wrap=True)
        headers = (
            "EUR per\ncontact",
            "FCR",
            "wait\ns",
            "occu-\npancy",
            "offline (dr)\nEUR/decision",
        )
        for header in headers:
            table.add_column(header, justify="right", no_wrap=True)
        table.add_column("verdict", no_wrap=True)
        for day in self.tables:
            found = self.offline.get(day.policy)
            table.add_row(
                day.policy,
                _around(mean_interval(day["eur_per_contact"])),
                f"{day['fcr'].mean():.1%}",
                f"{day['wait_s'].mean():.1f}",
                f"{day['occupancy'].mean():.1%}",
                "" if found is None else _doubly_robust(found),
                "" if found is None else found.result.verdict,
            )
        return table


def _policy_row(table: DayTable) -> dict[str, object]:
    earned = mean_interval(table["eur_per_contact"])
    figures = {name: float(table[name].mean()) for name in ("fcr", "wait_s", "abandoned")}
    return {
        "name": table.policy,
        "eur_per_contact": earned.value,
        "low": earned.low,
        "high": earned.high,
        **figures,
        "occupancy": float(table["occupancy"].mean()),
    }


def _doubly_robust(found: Evaluation) -> str:
    estimate = next(e for e in found.estimates if e.method == "dr")
    return _around(Interval(estimate.value, estimate.low, estimate.high))


def _around(interval: Interval) -> str:
    half = max(interval.high - interval.value, interval.value - interval.low)
    return f"{interval.value:.3f} ±{half:.3f}"
