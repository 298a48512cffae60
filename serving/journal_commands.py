"""The commands on a journal: make the log that learning reads, expire, forget."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Final

import click

from nba.act.bundle import load_policy
from nba.errors import InputError, MissingExtraError
from nba.terminal import print_json, progress
from serving.compaction.progress_file import load_progress
from serving.journal.expire import expire as run_expire
from serving.journal.forget import forget as run_forget
from serving.journal.specs import Kept
from serving.state.shared import forget_shared

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
    told = asdict(report)
    folders = {} if as_json else told.pop("folders")
    _tell(told, as_json)
    for version, folder in folders.items():
        click.echo(f"spec {version}: {folder}")


@journal.command()
@_JOURNAL
@click.option("--days", type=float, required=True, help="Keep what is younger than this")
@click.option("--log", type=_FOLDER, help="A log compacted from it: only what it has goes")
@_JSON
def expire(journal_folder: Path, *, days: float, log: Path | None, as_json: bool) -> None:
    """Remove what is older than --days from JOURNAL: closed segments, whole ones.

    With --log only segments that the log has read to their end go, and the log's own old parts.
    """
    if not days >= 0:
        raise InputError(f"--days is {days}; a number of days from 0 up is needed")
    before = time.time() - days * 86_400
    progress = None if log is None else load_progress(log)
    if log is not None and progress is None:
        raise InputError(f"{log} is no log that `nba journal compact` made; give its --out")
    done = None if progress is None else {name: at[0] for name, at in progress.done.items()}
    report = asdict(run_expire(journal_folder, before=before, compacted=done))
    if log is not None:
        report["log_parts"] = _removal().expire_parts(log, before)
    _tell(report, as_json)


@journal.command()
@_JOURNAL
@click.argument("customer_id")
@click.option("--log", multiple=True, type=_FOLDER, help="A log compacted from it")
@click.option("--shared-state", help="The redis://… that its servers share")
@_JSON
def forget(
    journal_folder: Path,
    customer_id: str,
    *,
    log: tuple[Path, ...],
    shared_state: str | None,
    as_json: bool,
) -> None:
    """Delete all that JOURNAL, and each --log, hold of the customer CUSTOMER_ID.

    In the place of each record stays a keyed hash. A server may be running; what it writes about
    the customer meanwhile is not seen. Killed at any moment, it is finished by the next opening.
    """
    report = asdict(run_forget(journal_folder, customer_id, now=time.time()))
    if shared_state:
        report["shared_events"] = forget_shared(shared_state, customer_id)
    report["log_rows"] = sum(_removal().forget_rows(folder, customer_id) for folder in log)
    _tell(report, as_json)


def _removal() -> ModuleType:
    try:
        from serving.compaction import removal  # the server has no Parquet
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"--log needs {error.name}, which is not installed; "
            "run: pip install 'nba-engine[train]'"
        ) from error
    return removal


def _tell(report: Mapping[str, object], as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    for name, value in report.items():
        click.echo(f"{name.replace('_', ' '):<20} {value:>12,}")


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
