"""What `nba ope` shows to people on a terminal."""

from rich.console import Console
from rich.table import Table

from nba.evaluate.answer import Answer
from nba.evaluate.answer_words import (
    digits,
    dropped_lines,
    interval_name,
    lines,
    reasons_text,
)
from nba.evaluate.check import LogCheck
from nba.types import Estimate

_ACTIONS = 20


def show_check(check: LogCheck) -> None:
    """Print what a log holds, which rows it loses and why, and what else to know."""
    low, high = check.reward_range
    loggers = ", ".join(check.loggers)
    say(
        f"{check.used:,} of {check.rows:,} rows can be used; propensity {check.propensity}; "
        f"reward {low:.4g} to {high:.4g}; logging policy: {loggers}"
    )
    for line in dropped_lines(check):
        say(line)
    table = Table("action")
    for header in ("rows where eligible", "rows where chosen"):
        table.add_column(header, justify="right")
    for kind, (eligible, chosen) in list(check.support.items())[:_ACTIONS]:
        table.add_row(kind, f"{eligible:,}", f"{chosen:,}")
    if check.support:
        Console().print(table)
    more = len(check.support) - _ACTIONS
    if more > 0:
        say(f"… and {more} more actions")
    for line in check.notes:
        say(f"- {line}")
    say("usable" if check.usable else "NOT usable as it is: mend or leave out the rows above")


def show_answer(answer: Answer) -> None:
    """Print the estimates as a table, then the verdict with its reasons and what is next."""
    console = Console()
    say(f"{answer.check.used:,} of {answer.check.rows:,} rows used")
    for line in dropped_lines(answer.check):
        say(line)
    table = Table(title=f"{answer.unit} per {answer.per}", padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("policy", overflow="fold")
    table.add_column("estimator", no_wrap=True)
    for header in ("value", "low", "high", "ESS"):
        table.add_column(header, justify="right", no_wrap=True)
    for name, estimate in lines(answer):
        _row(table, name, estimate)
    table.add_section()
    _row(table, f"{answer.policy} − {answer.against}", answer.difference)
    for name, inside in answer.segments.items():
        _row(table, f"… where {name}", inside.difference)
    console.print(table)
    if interval_name(answer.difference) == "cressie-read":
        say("* few rows decide here: Cressie-Read intervals, which hold their level all the same")
    for line in answer.notes:
        say(f"note: {line}")
    verdict, *rest = reasons_text(answer)
    console.print(verdict, style="bold", markup=False, highlight=False, soft_wrap=True)
    for line in rest:
        say(line)


def say(line: str) -> None:
    """Print one line as it is: names in it are no markup, and a terminal may wrap it."""
    Console().print(line, markup=False, highlight=False, soft_wrap=True)


def _row(table: Table, name: str, estimate: Estimate) -> None:
    ess = f"{estimate.ess:,.0f}"
    mark = "*" if interval_name(estimate) == "cressie-read" else ""
    table.add_row(name, estimate.method, *digits(estimate), ess + mark)
