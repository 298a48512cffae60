"""The answer as one page of HTML that needs nothing else: the verdict first, then its evidence."""

import html
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from nba.errors import InputError
from nba.evaluate.answer import Answer, next_steps
from nba.evaluate.answer_words import (
    VERDICTS,
    digits,
    dropped_lines,
    interval_name,
    lines,
)
from nba.evaluate.figures import Line, calibration_plot, forest, overlap_bars, weight_tail
from nba.evaluate.gate import amount, span
from nba.types import Estimate

_COLOURS: Final = {"PROMOTE": "yes", "HOLD": "no", "CANT_TELL": "unsure"}


def write_report(path: Path, answer: Answer) -> Path:
    """The page's path, written whole or not at all; missing folders are made."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(page(answer), encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise InputError(
            f"the report {path} cannot be written ({error.strerror}); give another path"
        ) from error
    return path


def page(answer: Answer) -> str:
    """The HTML of an answer."""
    css = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
    title = f"{answer.policy} against {answer.against}"
    parts = [
        f"<h1>What would <em>{_text(answer.policy)}</em> have earned?</h1>",
        f'<p class="faint">offline, on {_text(answer.source)}, against {_text(answer.against)}</p>',
        _verdict(answer),
        _cards(answer),
        _list("What to do next", next_steps(answer)),
        _estimates(answer),
        _segments(answer),
        _weights(answer),
        _overlap(answer),
        _calibration(answer),
        _propensities(answer),
        _list("What the log holds", _rows(answer)),
        _list("How far this can be trusted", _limits(answer)),
    ]
    body = "\n".join(part for part in parts if part)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(title)}</title>\n<style>\n{css}</style>\n</head>\n<body>\n{body}\n"
        "</body>\n</html>\n"
    )


def _verdict(answer: Answer) -> str:
    said = VERDICTS[answer.result.verdict]
    reasons = "".join(f"<li>{_text(reason)}</li>" for reason in answer.result.reasons)
    colour = _COLOURS[answer.result.verdict]
    return f'<div class="verdict {colour}"><strong>{_text(said)}</strong><ul>{reasons}</ul></div>'


def _cards(answer: Answer) -> str:
    found = answer.difference
    seen = found.diagnostics
    rows = "rows" if answer.per == "decision" else f"{answer.per}s"
    shown = [
        (f"{amount(found)}", f"{answer.unit} per {answer.per}, difference"),
        (span(found), f"{found.level:.0%} interval ({interval_name(found)})"),
        (f"{found.ess:,.0f}", f"effective {rows} of {seen['rows']:,.0f}"),
        (f"{seen.get('mean_weight', 1.0):.3f}", "mean weight (1 if all is right)"),
        (f"{seen.get('max_weight_share', 0.0):.1%}", f"of all weight in one {rows[:-1]}"),
    ]
    cards = "".join(
        f'<div class="card"><b>{_text(big)}</b><span>{_text(small)}</span></div>'
        for big, small in shown
    )
    return f'<div class="cards">{cards}</div>'


def _estimates(answer: Answer) -> str:
    found = [Line(f"{name}, {e.method}", e) for name, e in lines(answer)]
    gain = [Line(f"{answer.policy} − {answer.against}", answer.difference)]
    rows = [
        [name, e.method, *digits(e), f"{e.ess:,.0f}", interval_name(e)] for name, e in lines(answer)
    ]
    titles = ["policy", "estimator", "value", "low", "high", "ESS", "interval"]
    per = f"{answer.unit} per {answer.per}"
    return (
        "<h2>What it would have earned</h2>"
        + _figure(forest(found, per, zero=False), "Every estimator with its interval.")
        + _figure(
            forest(gain, f"{per}, difference", zero=True),
            "The paired difference; grey if its interval holds zero.",
        )
        + _table(titles, rows)
    )


def _segments(answer: Answer) -> str:
    if not answer.segments:
        return ""
    rows = [
        [name, f"{s.rows:,}", digits(s.value)[0], *digits(s.difference), f"{s.difference.ess:,.0f}"]
        for name, s in answer.segments.items()
    ]
    shown = [Line(name, s.difference) for name, s in answer.segments.items()][:40]
    titles = ["segment", "rows", "value", "difference", "low", "high", "ESS"]
    return (
        "<h2>Per segment</h2>"
        + _figure(
            forest(shown, f"{answer.unit} per {answer.per}, difference", zero=True),
            "The paired difference inside each segment. Of many segments some leave zero by luck.",
        )
        + _table(titles, rows)
    )


def _weights(answer: Answer) -> str:
    if answer.tail is None:
        return ""
    what = "row" if answer.per == "decision" else answer.per
    largest = ", ".join(f"{w:.3g}" for w in answer.tail.largest[:5])
    return "<h2>Weights</h2>" + _figure(
        weight_tail(answer.tail),
        f"A {what}'s weight: how much more often the target does what was logged. "
        f"Largest: {largest}.",
    )


def _overlap(answer: Answer) -> str:
    if not answer.overlap:
        return ""
    return "<h2>Overlap</h2>" + _figure(
        overlap_bars(answer.overlap[:15]),
        "How often each action is taken. What the log hardly does cannot be judged from it.",
    )


def _calibration(answer: Answer) -> str:
    if not answer.calibration:
        return ""
    return "<h2>Calibration of the reward model</h2>" + _figure(
        calibration_plot(answer.calibration, answer.unit),
        "Held-out predictions for the actions taken: DM trusts them, DR corrects them.",
    )


def _propensities(answer: Answer) -> str:
    if not answer.check.choices:
        return ""
    rows = [
        Line(c.action, Estimate(c.mean, c.error, c.mean - 2 * c.error, c.mean + 2 * c.error,
                                float(c.picks), "mean"))
        for c in answer.check.choices[:12]
    ]  # fmt: skip
    return "<h2>Calibration of the propensities</h2>" + _figure(
        forest(rows, "mean of chosen / propensity, two standard errors", zero=False),
        "1 where an action is open in every row, if the propensities belong to the choices; "
        "those furthest from it.",
    )


def _rows(answer: Answer) -> list[str]:
    check = answer.check
    low, high = check.reward_range
    return [
        f"{check.used:,} of {check.rows:,} rows used",
        *dropped_lines(check),
        f"propensity {check.propensity}; reward {low:.4g} to {high:.4g}",
        f"logging policy: {', '.join(check.loggers)}",
        *answer.notes,
    ]


def _limits(answer: Answer) -> list[str]:
    alone = (
        (
            "Each decision is judged by itself, under the load that the logging policy made: what "
            "another choice does to later decisions is not in these figures."
        )
        if answer.per == "decision"
        else "Each episode is judged by itself: what it does to other customers' is not in here."
    )
    said = [
        alone,
        (
            "Intervals cover the luck of the rows, units kept together. They do not cover logged "
            "propensities that are wrong, nor a future that differs from the log."
        ),
    ]
    if answer.difference.diagnostics.get("propensity_estimated"):
        said.append("Propensities were estimated: an unseen cause of both choice and reward would "
                    "bias every figure here.")  # fmt: skip
    return said


def _figure(drawing: str, caption: str) -> str:
    return f"<figure>{drawing}<figcaption>{_text(caption)}</figcaption></figure>"


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{_text(title)}</th>" for title in titles)
    body = "".join(
        "<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'


def _list(title: str, items: Iterable[str]) -> str:
    inside = "".join(f"<li>{_text(item)}</li>" for item in items)
    return f"<h2>{_text(title)}</h2><ul>{inside}</ul>"


def _text(value: str) -> str:
    return html.escape(value)
