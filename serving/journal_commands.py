"""The commands on a journal: make the log that learning and evaluation read."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click

from nba.act.bundle import load_policy
from nba.errors import InputError, MissingExtraError
from nba.terminal import print_json, progress
from serving.journal.specs import Kept

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)
_JOURNAL = click.argument("journal_folder", metavar="JOURNAL", type=_FOLDER)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print the report as JSON")
WEEK_S: Final = 7 * 86_400.0


@click.group()
def journal() -> None:
    """Work on the journal of a server, which may be running."""


@journal.command()
@_JOURNAL
@click.option("--out", type=_FOLDER, required=True, help="Folder of the log; made if absent")
@click.option(
    "--window",
    multiple=True,
    metavar="[COMPONENT=]SECONDS",
    help="How long after its decision an outcome counts  [default: 604800, a week]",
)
@click.option(
    "--default",
    multiple=True,
    metavar="COMPONENT=VALUE",
    help="What a component counts as if it has not come back by the end of its window",
)
@click.option("--policy", multiple=True, type=_FILE, help="Policy file of a spec the journal lacks")
@_JSON
def compact(
    journal_folder: Path,
    *,
    out: Path,
    window: tuple[str, ...],
    default: tuple[str, ...],
    policy: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Bring the log in --out up to the last durable record of JOURNAL.

    Only what is new is read; outcomes that came late update their rows. Run it as often as you
    like: it can be killed at any moment, and goes on where it was. `nba ope` reads the log.
    """
    try:
        from serving.compaction import compact as compaction  # the server has no Parquet
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"`nba journal compact` needs {error.name}, which is not installed; "
            "run: pip install 'nba-engine[train]'"
        ) from error
    windows = {"": WEEK_S} | _numbers("--window", [f"={w}" if "=" not in w else w for w in window])
    cards = [load_policy(path).card for path in policy]
    with progress("compact (bytes)", compaction.left(journal_folder, out)) as advance:
        report = compaction.compact(
            journal_folder,
            out,
            now=time.time(),
            window_s=windows,
            defaults=_numbers("--default", default),
            specs={card.spec.version: Kept(card.spec, card.objective) for card in cards},
            advance=advance,
        )
    if as_json:
        print_json(asdict(report))
        return
    for name, value in asdict(report).items():
        if name != "folders":
            click.echo(f"{name.replace('_', ' '):<20} {value:>12,}")
    for version, folder in report.folders.items():
        click.echo(f"spec {version}: {folder}")


def _numbers(option: str, given: Sequence[str]) -> dict[str, float]:
    """The numbers of options like NAME=NUMBER."""
    found = {}
    for text in given:
        name, _, number = text.partition("=")
        try:
            found[name] = float(number)
        except ValueError as error:
            raise InputError(f"{option} is {text!r}; NAME=NUMBER is needed") from error
    return found
