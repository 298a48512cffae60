"""`nba ope`: is this log usable, and what would that policy have earned on it?

It stands above the rooms because it joins two neighbours: policy files (act) and estimates.
Exit codes: 0 usable or PROMOTE; 1 faulty, HOLD or CANT_TELL; 2 bad input.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from nba.act.bundle import LoadedPolicy, load_policy
from nba.errors import InputError
from nba.evaluate.check import LogCheck, check_log, validate_log
from nba.evaluate.evaluation import Evaluation, evaluate
from nba.evaluate.gate import Thresholds
from nba.evaluate.target import target_probabilities
from nba.listen.log import read_log
from nba.terminal import print_json, progress
from nba.types import DecisionLog, Estimate, Floats

_LOG = click.argument("log", type=click.Path(path_type=Path))
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
_SHOWN_ROWS = 10


@click.group()
def ope() -> None:
    """Evaluate a policy on a log, without running it."""


@ope.command()
@_LOG
@_JSON
def check(log: Path, *, as_json: bool) -> int:
    """Tell which rows of LOG can be used, and by reason which cannot.

    LOG is a folder of Parquet parts or one .parquet file.
    """
    found = check_log(read_log(log))
    if as_json:
        print_json(_check_json(found))
    else:
        _show_check(found)
    return 0 if found.usable else 1


@ope.command()
@_LOG
@click.option(
    "--target", required=True, type=click.Path(path_type=Path), help="The policy file asked about."
)
@click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    help="A policy file to compare with; without it, the policy that wrote the log.",
)
@click.option("--level", default=0.95, show_default=True, help="Coverage of the intervals.")
@click.option("--margin", default=0.0, show_default=True, help="EUR per decision to be gained.")
@click.option("--protect", multiple=True, help="A segment column that may not be worse off.")
@_JSON
def run(
    log: Path,
    *,
    target: Path,
    baseline: Path | None,
    level: float,
    margin: float,
    protect: tuple[str, ...],
    as_json: bool,
) -> int:
    """Estimate what the policy of --target would have earned on LOG, and give a verdict.

    Each decision is judged by itself: what it does to the queues of later contacts is not in the
    log's estimate; the simulated centre tells that.
    """
    if not 0.0 < level < 1.0:
        raise InputError(f"--level is {level}; give the intervals' coverage, such as 0.95")
    decisions = read_log(log)
    validate_log(decisions)
    loaded = load_policy(target)
    other = None if baseline is None else load_policy(baseline)
    with progress("evaluate", 3) as advance:
        probabilities = _probabilities(loaded, decisions)
        advance()
        compared = None if other is None else _probabilities(other, decisions)
        advance()
        found = evaluate(
            decisions,
            probabilities,
            baseline=compared,
            level=level,
            protect=protect,
            thresholds=Thresholds(margin_eur=margin),
        )
        advance()
    against = "logging" if other is None else other.policy.name
    if as_json:
        print_json(_evaluation_json(found, loaded.policy.name, against))
    else:
        _show_evaluation(found, loaded.policy.name, against)
    return 0 if found.result.verdict == "PROMOTE" else 1


def _probabilities(loaded: LoadedPolicy, log: DecisionLog) -> Floats:
    """The policy's probabilities on a log of the same feature spec."""
    spec = loaded.card.spec
    for side, mine, logged in (
        ("context", spec.context_names, log.context_names),
        ("action", spec.action_names, log.action_names),
    ):
        differing = sorted(set(mine) ^ set(logged))
        if mine != logged:
            found = ", ".join(differing) if differing else "the order"
            raise InputError(
                f"policy {loaded.policy.name!r} and the log have other {side} features ({found}); "
                "use a policy made for the log's feature spec"
            )
    if spec.version != log.spec_version:
        raise InputError(
            f"policy {loaded.policy.name!r} is for feature spec {spec.version} and the log for "
            f"{log.spec_version}; use a policy made for the log's feature spec"
        )
    return target_probabilities(loaded.policy, log)


def _rows_json(check: LogCheck) -> Mapping[str, object]:
    return {
        "used": check.used,
        "dropped": {name: len(rows) for name, rows in check.dropped.items()},
    }


def _check_json(check: LogCheck) -> Mapping[str, object]:
    return {
        "usable": check.usable,
        "rows": _rows_json(check),
        "row_numbers": {name: rows[:_SHOWN_ROWS] for name, rows in check.dropped.items()},
        "propensity": check.propensity,
        "reward": {"low": check.reward_range[0], "high": check.reward_range[1]},
        "loggers": check.loggers,
        "support": {
            kind: {"eligible": eligible, "chosen": chosen}
            for kind, (eligible, chosen) in check.support.items()
        },
        "notes": check.notes,
    }


def _evaluation_json(found: Evaluation, policy: str, against: str) -> Mapping[str, object]:
    return {
        "rows": _rows_json(found.check),
        "estimates": [_estimate_json(e, name) for name, e in _lines(found, policy)],
        "difference": {**_estimate_json(found.difference, policy), "minus": against},
        "verdict": found.result.verdict,
        "reasons": found.result.reasons,
    }


def _estimate_json(estimate: Estimate, policy: str) -> Mapping[str, object]:
    return {
        "policy": policy,
        "estimator": estimate.method,
        "value": estimate.value,
        "std_error": estimate.std_error,
        "low": estimate.low,
        "high": estimate.high,
        "interval": _interval(estimate),
        "ess": estimate.ess,
    }


def _interval(estimate: Estimate) -> str:
    return "cressie-read" if estimate.diagnostics["cressie_read"] else "delta"


def _lines(found: Evaluation, policy: str) -> Iterator[tuple[str, Estimate]]:
    yield "logging", found.logging
    for estimate in found.estimates:
        yield policy, estimate


def _show_check(check: LogCheck) -> None:
    console = Console()
    low, high = check.reward_range
    _say(
        console,
        f"{check.used:,} of {check.rows:,} rows can be used; propensity {check.propensity}; "
        f"reward {low:.2f} to {high:.2f} EUR; written by {', '.join(check.loggers)}",
    )
    _show_dropped(console, check)
    table = Table("action kind")
    for header in ("rows where eligible", "rows where chosen"):
        table.add_column(header, justify="right")
    for kind, (eligible, chosen) in check.support.items():
        table.add_row(kind, f"{eligible:,}", f"{chosen:,}")
    console.print(table)
    for line in check.notes:
        _say(console, line)


def _show_dropped(console: Console, check: LogCheck) -> None:
    for reason, rows in check.dropped.items():
        shown = ", ".join(str(row) for row in rows[:_SHOWN_ROWS].tolist())
        more = ", …" if len(rows) > _SHOWN_ROWS else ""
        plural = "" if len(rows) == 1 else "s"
        _say(console, f"{len(rows):,} row{plural} dropped, {reason}: row{plural} {shown}{more}")


def _show_evaluation(found: Evaluation, policy: str, against: str) -> None:
    console = Console()
    _say(console, f"{found.check.used:,} of {found.check.rows:,} rows used")
    _show_dropped(console, found.check)
    table = Table(title="EUR per decision")
    table.add_column("policy", no_wrap=True)
    table.add_column("estimator")
    for header in ("value", "low", "high", "ESS"):
        table.add_column(header, justify="right")
    table.add_column("interval")
    difference = (f"{policy} − {against}", found.difference)
    for name, e in (*_lines(found, policy), difference):
        figures = (f"{e.value:.3f}", f"{e.low:.3f}", f"{e.high:.3f}", f"{e.ess:,.0f}")
        table.add_row(name, e.method, *figures, _interval(e))
    console.print(table)
    console.print(found.result.verdict, style="bold")
    for reason in found.result.reasons:
        _say(console, f"- {reason}")


def _say(console: Console, line: str) -> None:
    """Print one line as it is: names in it are no markup, and a terminal may wrap it."""
    console.print(line, markup=False, highlight=False, soft_wrap=True)
