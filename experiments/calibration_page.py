"""The report of a calibration: one page that needs nothing else."""

import html
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from envs.calibration.fit import Calibration
from envs.calibration.fitted import Fitted, numbers
from envs.config import CentreConfig
from experiments.calibration_plots import figures_of


def calibration_page(found: Calibration, source: str) -> str:
    """The HTML: what was fitted beside the base, what was not, how it fits, what to beware of."""
    css = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
    title = f"Calibration of {source}"
    figures = "".join(
        f"<h2>{_text(name)}</h2><figure>{svg}<figcaption>{_text(told)}</figcaption></figure>"
        for name, svg, told in figures_of(found)
    )
    left = [f"{field}: {reason}" for field, reason in found.part.left_out]
    kept = f"Fields that are not listed keep their value of preset {found.base.name}."
    parts = [
        f"<h1>{_text(title)}</h1>",
        f'<p class="faint">{_text(kept)}</p>',
        "<h2>Fitted fields</h2>" + _fields(found),
        _list("Beware", found.part.notes),
        _list("Not fitted", left),
        _list("Also measured", [f"{name}: {value:.4g}" for name, value in found.part.figures]),
        figures,
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(title)}</title>\n<style>\n{css}</style>\n</head>\n<body>\n"
        + "\n".join(part for part in parts if part)
        + "\n</body>\n</html>\n"
    )


def rows_of(row: Fitted, base: CentreConfig) -> list[dict[str, object]]:
    """One row per number of a fitted field: its value, error, rows behind it, and the base's."""
    values, errors = np.atleast_1d(row.value), np.atleast_1d(row.std_error)
    n = np.broadcast_to(np.atleast_1d(row.n), values.shape)
    before = numbers(base, row.field)
    single = isinstance(row.value, int | float)
    return [
        {
            "field": row.field if single else f"{row.field}[{i}]",
            "value": values[i].item(),
            "std_error": errors[i].item(),
            "n": n[i].item(),
            "base": before[i].item() if i < len(before) else None,
        }
        for i in range(len(values))
    ]


def _fields(found: Calibration) -> str:
    head = "".join(
        f"<th>{title}</th>" for title in ("field", "fitted", "standard error", "rows", "base")
    )
    rows = [(row.how, cells) for row in found.part.fitted for cells in rows_of(row, found.base)]
    body = "".join(
        f'<tr title="{_text(how)}"><td>{_text(cells["field"])}</td>'
        + "".join(f"<td>{_number(cells[name])}</td>" for name in ("value", "std_error"))
        + f"<td>{cells['n']:,}</td><td>{_number(cells['base'])}</td></tr>"
        for how, cells in rows
    )
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, int | float) else "–"


def _list(title: str, sentences: Sequence[str] | Iterable[str]) -> str:
    items = "".join(f"<li>{_text(sentence)}</li>" for sentence in sentences)
    return f"<h2>{_text(title)}</h2><ul>{items}</ul>" if items else ""


def _text(value: object) -> str:
    return html.escape(str(value))
