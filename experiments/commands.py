"""The workshop's commands: demo, simulate, train, compare."""

from pathlib import Path

import click

from nba.terminal import note, print_json

_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.option("--fast", is_flag=True, help="A smaller walk, for a look and for tests.")
@click.option("--seed", type=click.IntRange(0, 999_999), default=0, show_default=True)
@click.option("--out", type=_FOLDER, default=Path("runs/demo"), show_default=True)
@_JSON
def demo(*, fast: bool, seed: int, out: Path, as_json: bool) -> None:
    """Walk the whole loop once: log, learn, train, evaluate, serve, report.

    Ends with a table and a page; the same seed gives the same table.
    """
    from experiments.demo import FAST, FULL, run_demo

    result = run_demo(FAST if fast else FULL, seed=seed, out=out)
    if as_json:
        print_json(result.to_json())
        return
    from rich.console import Console

    console = Console()
    console.print(result.table())
    for a, b, gain in result.differences():
        if a == "trained":
            sure = "zero excluded" if gain.low > 0 or gain.high < 0 else "zero not excluded"
            told = f"{gain.value:+.3f} EUR per contact [{gain.low:+.3f}, {gain.high:+.3f}], {sure}"
            console.print(f"{a} − {b}: {told}", markup=False, highlight=False)
    console.print(f"verdict on trained: {result.verdict}", style="bold")
    for reason in result.offline["trained"].result.reasons:
        console.print(f"- {reason}", markup=False, highlight=False)
    console.print(f"report: {result.report}", markup=False, highlight=False)
    note(f"done in {result.seconds:.0f} s")
