"""The workshop's commands that learn: demo, train, sweep."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from nba.terminal import note, print_json

_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
_JUDGED: Final = {"eur_per_contact", "low", "high", "decisions", "stopped_early", "fault"}
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


@click.command()
@click.argument("config_file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--out", type=_FOLDER, default=Path("runs/train"), show_default=True)
@click.option("--resume", is_flag=True, help="Go on with a run that was killed or interrupted.")
@_JSON
def train(*, config_file: Path, out: Path, resume: bool, as_json: bool) -> None:
    """Learn a policy as CONFIG_FILE (TOML) says and export its policy file.

    The key `learner` names the rung of the ladder; without it the action scorer is trained.
    """
    from experiments.config import LearnConfig, read_config
    from experiments.workshop import learn_from_config, train_from_config

    config = read_config(config_file)
    if isinstance(config, LearnConfig):
        path, version = learn_from_config(config, out, resume=resume)
    else:
        path, version = train_from_config(config, out, resume=resume)
    if as_json:
        print_json({"policy_file": path, "version": version})
    else:
        click.echo(f"{path} version {version}")


@click.command()
@click.argument("config_file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--trials",
    type=click.IntRange(1, 10_000),
    default=16,
    show_default=True,
    help="How many settings are tried, CONFIG_FILE's own first.",
)
@click.option(
    "--days",
    type=click.IntRange(2, 10_000),
    default=20,
    show_default=True,
    help="Validation days that each trial's policy serves.",
)
@click.option("--out", type=_FOLDER, default=Path("runs/sweep"), show_default=True)
@click.option("--resume", is_flag=True, help="Go on with a sweep that was killed or interrupted.")
@_JSON
def sweep(
    *, config_file: Path, trials: int, days: int, out: Path, resume: bool, as_json: bool
) -> None:
    """Try settings of the learner in CONFIG_FILE (TOML), drawn from its table [sweep].

    The best one's settings are in best.toml of --out, for `nba train`. MLflow keeps every trial.
    """
    from experiments.sweep import run_sweep

    found = run_sweep(config_file, out, n_trials=trials, days=days, resume=resume)
    if as_json:
        print_json(found)
        return
    for row in found["rows"]:
        click.echo(_told_trial(row))
    click.echo(found["best"]["config_file"])


def _told_trial(row: Mapping[str, object]) -> str:
    earned = row["eur_per_contact"]
    if earned is None:
        judged = str(row["fault"] or f"stopped early, after {row['decisions']} decisions")
    else:
        judged = f"{earned:.3f} [{row['low']:.3f}, {row['high']:.3f}] EUR per contact"
    shown = [f"{name}={value}" for name, value in row.items() if name not in _JUDGED]
    return f"{' '.join(shown)}: {judged}"
