"""`nba bench`: run a benchmark by name, or all of them."""

import importlib
from pathlib import Path
from typing import Final

import click

from experiments.benchmark.rows import Row, report
from experiments.benchmark.serve.table import table
from nba.terminal import note, print_json

BENCHES: Final = {
    "env": "experiments.benchmark.env",
    "score": "experiments.benchmark.score",
    "ope": "experiments.benchmark.ope",
    "train": "experiments.benchmark.train_speed",
}

STUDIES: Final = {  # minutes, not seconds: not part of "all"
    "coverage": "experiments.benchmark.coverage",
    "gate": "experiments.benchmark.gate",
    "world": "experiments.benchmark.world",
    "quality": "experiments.benchmark.quality.bench",
}

SERVERS: Final = {"serve": "experiments.benchmark.serve.bench"}  # minutes too


@click.command()
@click.argument("name", type=click.Choice([*BENCHES, *STUDIES, *SERVERS, "all"]), default="all")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
@click.option(
    "--logs", type=click.IntRange(min=2), help="Of a study: logs per cell; of quality: trainings."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Of a study: where its cells and table are kept; a stopped one goes on there.",
)
@click.option("--quick", is_flag=True, help="Of servers: few and short rounds, one workload.")
def bench(name: str, as_json: bool, logs: int | None, out: Path | None, quick: bool) -> None:
    """Measure speed on this machine: env, score, ope, train.

    That is the centre, the scorer, offline evaluation, and training beside stable-baselines3.
    Two studies on planted truth take minutes: how often intervals hold it (coverage), how often
    the gate is wrong (gate). So does the HTTP server beside others (serve). Every policy and its
    peers on held-out days (quality) take hours; what is done is kept in runs/quality.
    """
    names = list(BENCHES) if name == "all" else [name]
    measured: list[Row] = []
    for part in names:
        note(f"measuring {part} …")
        measured += _measure(part, logs, out, quick)
    if as_json:
        print_json(report(name, measured))
        return
    if name in SERVERS:
        click.echo(table(measured))
        return
    for row in measured:
        value = f"{row.value:,.0f}" if abs(row.value) >= 100 else f"{row.value:.3g}"
        beside = "" if row.ratio is None else f"  ({row.ratio:.3g} × {row.peer})"
        click.echo(f"{row.metric:<20} {value:>12} {row.unit:<5} {row.settings}{beside}")


def _measure(name: str, logs: int | None, out: Path | None, quick: bool) -> list[Row]:
    if name in BENCHES:
        found: list[Row] = importlib.import_module(BENCHES[name]).rows()
        return found
    if name in SERVERS:
        served: list[Row] = importlib.import_module(SERVERS[name]).rows(quick=quick, folder=out)
        return served
    module = importlib.import_module(STUDIES[name])
    told: list[Row] = module.rows(logs=logs or module.LOGS, folder=out)
    return told
