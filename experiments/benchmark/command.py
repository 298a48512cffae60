"""`nba bench`: run a benchmark by name, or all of them."""

import importlib
from typing import Final

import click

from experiments.benchmark.rows import Row, report
from nba.terminal import note, print_json

BENCHES: Final = {
    "env": "experiments.benchmark.env",
    "score": "experiments.benchmark.score",
}


@click.command()
@click.argument("name", type=click.Choice([*BENCHES, "all"]), default="all")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
def bench(name: str, as_json: bool) -> None:
    """Measure speed on this machine: the simulated centre (env), the action scorer (score)."""
    names = list(BENCHES) if name == "all" else [name]
    measured: list[Row] = []
    for part in names:
        note(f"measuring {part} …")
        rows: list[Row] = importlib.import_module(BENCHES[part]).rows()
        measured += rows
    if as_json:
        print_json(report(name, measured))
        return
    for row in measured:
        click.echo(f"{row.metric:<20} {row.value:>12,.0f} {row.unit:<5} {row.settings}")
