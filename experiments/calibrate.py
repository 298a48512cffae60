"""`nba calibrate`: fit a preset to a log or a table, and tell how well it fits."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nba.errors import InputError
from nba.terminal import print_json, progress

if TYPE_CHECKING:
    from envs.calibration.fit import Calibration
    from envs.config import CentreConfig

PRESET, PAGE = "preset.toml", "calibration.html"


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--preset", "preset_name", default="bank", show_default=True, help="Base centre.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="NAME=COLUMN",
    help="How your CSV calls a column; may be repeated.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("runs/calibrate"),
    show_default=True,
    help="Folder for the preset file and the report.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
def calibrate(
    *, source: Path, preset_name: str, columns: tuple[str, ...], out: Path, as_json: bool
) -> None:
    """Fit a centre's parameters to SOURCE: a decision log's folder, or a CSV file.

    A CSV file holds contacts (arrived_at, and as many of answered_at, wait_s, handle_s, abandoned,
    resolved, csat, employee, customer, intent, channel, value_tier as there are) or counts (start,
    count). What is absent is not fitted; fields that are not fitted keep the base preset's value.
    """
    from envs.presets import preset
    from experiments.calibration_page import calibration_page

    base = preset(preset_name)
    found = _calibration(source, base, _mapping(columns))
    page = calibration_page(found, source.name)
    written = _write(out, found, preset_name, page)
    told = _told(found)
    if as_json:
        print_json({"source": source, **told, **written})
        return
    from experiments.calibration_page import rows_of

    for row in found.part.fitted:
        for cells in rows_of(row, base):
            click.echo(
                f"{cells['field']:<24} {cells['value']:12.4f} ± {cells['std_error']:<10.4f} "
                f"n {cells['n']:>8}   base {_number(cells['base'])}"
            )
    for field, reason in found.part.left_out:
        click.echo(f"not fitted: {field}: {reason}")
    for name, path in written.items():
        click.echo(f"{name}: {path}")


def _calibration(source: Path, base: "CentreConfig", mapping: dict[str, str]) -> "Calibration":
    from envs.calibration.counts import SlotCounts
    from envs.calibration.fit import STEPS, calibrate_contacts, calibrate_counts
    from envs.calibration.from_csv import read_table
    from envs.calibration.from_log import contacts_of
    from nba.listen.log import read_log

    if not source.exists():
        raise InputError(f"{source} does not exist; give a decision log's folder or a CSV file")
    is_log = source.is_dir() or source.suffix == ".parquet"
    if is_log and mapping:
        raise InputError(f"--column {next(iter(mapping))}: {source} is a log, which needs no names")
    with progress("calibrate", STEPS + 1) as advance:
        table = (
            contacts_of(read_log(source), chat_slots=base.chat_slots)
            if is_log
            else read_table(source, mapping)
        )
        advance()
        if isinstance(table, SlotCounts):
            found = calibrate_counts(table, base)
            advance(STEPS)
            return found
        return calibrate_contacts(table, base, advance=advance)


def _mapping(columns: Iterable[str]) -> dict[str, str]:
    mapping: dict[str, str] = {}
    for pair in columns:
        name, equals, column = pair.partition("=")
        if not equals or not name or not column:
            raise InputError(f"--column {pair!r} is not NAME=COLUMN")
        if name in mapping:
            raise InputError(f"--column names {name!r} twice")
        mapping[name] = column
    return mapping


def _write(out: Path, found: "Calibration", base: str, page: str) -> dict[str, Path]:
    """Both files, each whole, written once everything has been computed."""
    from envs.calibration.preset_file import preset_text

    text = preset_text(found.config.name, base, found.part.fitted, found.part.notes)
    written = {"preset_file": (out / PRESET, text), "report": (out / PAGE, page)}
    try:
        out.mkdir(parents=True, exist_ok=True)
        for path, content in written.values():
            unfinished = path.with_name(f".{path.name}.unfinished")
            unfinished.write_text(content, encoding="utf-8")
            unfinished.replace(path)
    except OSError as error:
        raise InputError(f"{out} cannot be written to: {error.strerror}") from error
    return {name: path for name, (path, _) in written.items()}


def _told(found: "Calibration") -> dict[str, object]:
    from experiments.calibration_page import rows_of

    return {
        "rows": [cells for row in found.part.fitted for cells in rows_of(row, found.base)],
        "fit": {
            **dict(found.part.figures),
            "days": len(found.arrivals.counts),
            "how": {row.field: row.how for row in found.part.fitted},
            "not_fitted": dict(found.part.left_out),
            "notes": list(found.part.notes),
        },
    }


def _number(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, int | float) else "–"
