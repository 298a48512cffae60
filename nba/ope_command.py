"""`nba ope`: is this log usable, what would that policy have earned on it, how many rows more?

Exit codes: 0 usable or PROMOTE; 1 faulty, HOLD or CANT_TELL; 2 bad input.
"""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path

import click

from nba import ope as doors
from nba.errors import InputError
from nba.evaluate.answer_words import answer_json, check_json
from nba.evaluate.decision_evaluation import one_by_one
from nba.evaluate.report import write_report
from nba.listen.foreign import FlatSource
from nba.ope_engine import run_on_engine
from nba.ope_hooks import parts_on_engine, track_answer
from nba.ope_show import say, show_answer, show_check
from nba.terminal import note, print_json

_LOG = click.argument("log", type=click.Path(path_type=Path))
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
_MAP = click.option(
    "--map", "map_file", type=click.Path(path_type=Path),
    help="JSON or TOML: our names → the log's columns; proposed if not given.",
)  # fmt: skip
_TARGET_HELP = (
    "A policy file, a column of its probabilities of the logged actions, a table by decision "
    "(CSV, JSONL, Parquet), 'uniform' or 'always:ACTION'."
)
_LEVEL = click.option("--level", default=0.95, show_default=True, help="Coverage of intervals.")
_TEMPERATURE = click.option(
    "--temperature", type=click.FloatRange(0), default=0.0, show_default=True,
    help="Of a table of scores; 0 takes the best.",
)  # fmt: skip


@click.group()
def ope() -> None:
    """Evaluate a policy on a log, without running it."""


@ope.command()
@_LOG
@_MAP
@_JSON
def check(log: Path, *, map_file: Path | None, as_json: bool) -> int:
    """Tell which rows of LOG can be used, and by reason which cannot.

    LOG is a decision log (a folder of Parquet parts) or any CSV, JSONL or Parquet file.
    """
    opened = _open(log, map_file)
    found = doors.check(opened)
    if as_json:
        told = {"map": opened.names} if isinstance(opened, FlatSource) else {}
        print_json({**check_json(found), **told})
    else:
        show_check(found)
    return 0 if found.usable else 1


@ope.command()
@_LOG
@click.option("--target", required=True, help=_TARGET_HELP)
@click.option("--baseline", help="What to compare with, as --target; else the logging policy.")
@click.option("--by", multiple=True, help="Segment columns, with commas: values in each segment.")
@click.option("--protect", multiple=True, help="A segment column that may not be worse off.")
@_LEVEL
@click.option("--margin", default=0.0, show_default=True, help="Gain per decision to be had.")
@click.option("--lever", multiple=True, help="component=value: another weight of the objective.")
@click.option("--sample", type=int, help="Take about so many rows, of whole customers.")
@click.option("--engine", type=click.Choice(["local", "ray"]), default="local", show_default=True)
@click.option(
    "--estimate-propensities",
    "features",
    multiple=True,
    help="Columns that the choice rested on, with commas, for a log without propensities.",
)
@click.option("--sequential", is_flag=True, help="Judge whole episodes, by columns episode, step.")
@click.option(
    "--discount", type=click.FloatRange(0, 1), default=1.0, show_default=True,
    help="Per step of an episode; with --sequential.",
)  # fmt: skip
@click.option("--report", type=click.Path(path_type=Path), help="Write a page of HTML here.")
@click.option("--mlflow", "runs", type=click.Path(path_type=Path), help="Record in this folder.")
@click.option("--unit", default="EUR", show_default=True, help="What the reward is counted in.")
@_TEMPERATURE
@_MAP
@_JSON
def run(
    log: Path,
    *,
    target: str,
    baseline: str | None,
    by: tuple[str, ...],
    protect: tuple[str, ...],
    level: float,
    margin: float,
    lever: tuple[str, ...],
    sample: int | None,
    engine: str,
    features: tuple[str, ...],
    sequential: bool,
    discount: float,
    report: Path | None,
    runs: Path | None,
    unit: str,
    temperature: float,
    map_file: Path | None,
    as_json: bool,
) -> int:
    """Estimate what the target would have earned on LOG, and give a verdict.

    Each decision is judged by itself, or with --sequential each episode: what it does to the queues
    of other contacts is not in the log's estimate; the simulated centre tells that.
    """
    given = {
        "--baseline": baseline, "--by": by, "--protect": protect, "--sample": sample,
        "--lever": lever, "--margin": margin, "--estimate-propensities": features,
        "--engine ray": engine != "local", "--discount": discount != 1.0,
    }  # fmt: skip
    if sequential:
        _refuse(
            given, ("--by", "--protect", "--sample", "--lever", "--estimate-propensities",
                    "--engine ray"), "--sequential",
        )  # fmt: skip
    else:
        _refuse(given, ("--discount",), "decisions judged one by one (no --sequential)")
    if features:
        _refuse(given, ("--baseline", "--by", "--protect", "--sample"), "--estimate-propensities")
    if engine != "local":
        _refuse(given, ("--lever", "--sample", "--estimate-propensities"), f"--engine {engine}")
    opened = _open(log, map_file)
    if features and not isinstance(opened, FlatSource):
        _refuse(given, ("--margin",), "--estimate-propensities on a decision log")
    if sequential:
        answer = doors.run_episodes(
            opened, target, baseline=baseline, discount=discount, level=level, margin=margin,
            temperature=temperature, unit=unit, source=str(log),
        )  # fmt: skip
    elif engine != "local" and isinstance(opened, FlatSource):
        answer = run_on_engine(
            log, opened, target, baseline=baseline, by=_split(by), protect=_split(protect),
            level=level, margin=margin, engine=engine, unit=unit,
        )  # fmt: skip
    else:
        with parts_on_engine(engine) if engine != "local" else nullcontext(one_by_one) as parts:
            answer = doors.run(
                opened, target, baseline=baseline, by=_split(by), protect=_split(protect),
                level=level, margin=margin, levers=_levers(lever), sample=sample,
                temperature=temperature, features=_split(features), unit=unit, source=str(log),
                run_parts=parts,
            )  # fmt: skip
    if report is not None:
        note(f"report: {write_report(report, answer)}")
    if runs is not None:
        note(f"MLflow run {track_answer(answer, runs, report=report)} in {runs}")
    if as_json:
        print_json(answer_json(answer))
    else:
        show_answer(answer)
    return 0 if answer.promote else 1


@ope.command()
@_LOG
@click.option("--lift", required=True, help="An amount per decision, or a part such as 2%.")
@click.option("--target", default="uniform", show_default=True, help=_TARGET_HELP)
@click.option("--power", default=0.8, show_default=True, help="Chance to see the lift.")
@_LEVEL
@_TEMPERATURE
@_MAP
@_JSON
def power(
    log: Path,
    *,
    lift: str,
    target: str,
    power: float,
    level: float,
    temperature: float,
    map_file: Path | None,
    as_json: bool,
) -> int:
    """Tell how many rows like those of LOG it takes to see a lift of the target."""
    opened = _open(log, map_file)
    found = doors.power(
        opened, lift, target=target, power=power, level=level, temperature=temperature
    )
    if as_json:
        print_json(found.as_json())
    else:
        say(str(found))
    return 0


def _open(log: Path, map_file: Path | None) -> doors.Log:
    opened = doors.open_log(log, map_file)
    if isinstance(opened, FlatSource) and opened.proposed:
        note(f"map (proposed; save it and give --map to change it): {opened.names.as_json()}")
    return opened


def _refuse(given: Mapping[str, object], names: Sequence[str], beside: str) -> None:
    """Raise InputError for an option that would not be used, rather than pass over it."""
    for name in names:
        if given[name]:
            raise InputError(f"{name} is not used with {beside}; leave one of the two out")


def _split(lists: Sequence[str]) -> list[str]:
    return [name.strip() for text in lists for name in text.split(",") if name.strip()]


def _levers(given: Sequence[str]) -> dict[str, float]:
    levers = {}
    for text in given:
        name, _, value = text.partition("=")
        try:
            levers[name.strip()] = float(value)
        except ValueError as error:
            raise InputError(
                f"--lever is {text!r}; give component=EUR per unit, as in wait_s=-0.01"
            ) from error
    return levers
