"""The report of a walk: one page that needs nothing else, to be read from the top."""

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from envs.evaluate_days import DayTable
from experiments.compare import Interval, mean_interval
from experiments.plots import Bar, action_mix, forest, learning_curve, small_bars
from nba.types import Estimate

# Column of the table of days, its title, its format.
_FIGURES: Final = (
    ("fcr", "resolved at first contact", "{:.1%}"),
    ("wait_s", "mean wait, s", "{:.0f}"),
    ("abandoned", "gave up waiting", "{:.1%}"),
    ("occupancy", "occupancy", "{:.1%}"),
    ("overload_min", "overload, min a day", "{:.0f}"),
    ("containment", "ended with a bot", "{:.1%}"),
)
LIMITS: Final = (
    (
        "The centre is simulated. Its arrivals follow a measured profile; service, patience, "
        "resolution and churn follow published figures where there are any and assumptions "
        "elsewhere, each named in the configuration. What is earned here is no forecast for a "
        "real centre."
    ),
    (
        "The intervals cover the luck of days and customers. They do not cover that the "
        "simulator may be wrong, nor that another training seed would give another policy."
    ),
    (
        "The policy was trained in the simulator that judges it, on other days. A real centre "
        "differs, and only a trial on its own contacts can tell by how much."
    ),
    (
        "Offline estimates judge each decision under the load that the logging policy made. "
        "What a choice does to the queue of later contacts is in the simulation only, so both "
        "need not agree, and EUR per decision is not EUR per contact. A decision's reward also "
        "leaves out what a repeat of the issue costs later, so the log is kinder to bots that "
        "end a contact unresolved. Offline intervals take customers as independent; that all of "
        "them shared a few days' load and roster is not in them."
    ),
)


@dataclass(frozen=True, slots=True)
class Difference:
    """EUR per contact of one policy minus another's, paired by day."""

    policy: str
    minus: str
    interval: Interval


@dataclass(frozen=True, slots=True)
class Story:
    """All that the page tells."""

    title: str
    policy: str  # the one that the story is about
    good: bool | None  # whether it may be used; None: cannot tell
    verdict: Sequence[str]  # in words, the first sentence carries it
    tables: Sequence[DayTable]  # one per policy, the same days
    differences: Sequence[Difference]
    offline: Sequence[tuple[str, Estimate]]  # (policy, estimate)
    curve: Sequence[tuple[int, float]]  # (decisions, EUR per decision) in training
    decision: Mapping[str, object]  # the server's reply
    outcome: Mapping[str, float]  # what was posted back for it
    facts: Mapping[str, str]  # how it came about: seed, days, steps, versions
    limits: Sequence[str] = LIMITS


def write_report(path: Path, story: Story) -> Path:
    """The page, written whole; missing folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_text(page(story), encoding="utf-8")
    unfinished.replace(path)
    return path


def page(story: Story) -> str:
    """The HTML of a story."""
    css = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
    parts = [
        f"<h1>{_text(story.title)}</h1>",
        _verdict(story),
        _headline(story),
        _compared(story),
        _offline(story),
        _behaviour(story),
        _training(story),
        _decision(story),
        _list("Limits", story.limits),
        "<h2>How it came about</h2>" + _facts(story.facts),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(story.title)}</title>\n<style>\n{css}</style>\n</head>\n<body>\n"
        + "\n".join(part for part in parts if part)
        + "\n</body>\n</html>\n"
    )


def _verdict(story: Story) -> str:
    colour = {True: "yes", False: "no", None: ""}[story.good]
    first, *more = story.verdict
    rest = "".join(f"<p>{_text(sentence)}</p>" for sentence in more)
    return f'<div class="verdict {colour}"><strong>{_text(first)}</strong>{rest}</div>'


def _headline(story: Story) -> str:
    best = max(story.tables, key=lambda table: float(table["eur_per_contact"].mean()))
    rows = []
    for table in story.tables:
        earned = mean_interval(table["eur_per_contact"])
        figures = [form.format(table[name].mean()) for name, _, form in _FIGURES]
        row = [table.policy, f"{earned.value:.2f}", f"{earned.low:.2f} to {earned.high:.2f}"]
        rows.append((table is best, [*row, *figures]))
    titles = ["policy", "EUR per contact", "95 % interval", *(title for _, title, _ in _FIGURES)]
    days = len(story.tables[0]["eur_per_contact"])
    return (
        "<h2>What each policy earns</h2>"
        f'<p class="faint">{days} simulated days that no policy was trained or tuned on; every '
        "policy meets the same customers with the same luck.</p>" + _table(titles, rows)
    )


def _compared(story: Story) -> str:
    bars = [
        Bar(f"{d.policy} − {d.minus}", d.interval.value, d.interval.low, d.interval.high)
        for d in story.differences
    ]
    return "<h2>Differences, paired by day</h2>" + _figure(
        forest(bars, "EUR per contact, difference"),
        "Mean difference over days with its 95 % interval; an interval that does not touch "
        "zero is drawn in colour.",
    )


def _offline(story: Story) -> str:
    if not story.offline:
        return ""
    bars = [Bar(f"{name}, {e.method}", e.value, e.low, e.high) for name, e in story.offline]
    rows = [
        (
            False,
            [name, e.method, f"{e.value:.2f}", f"{e.low:.2f} to {e.high:.2f}", f"{e.ess:,.0f}"],
        )
        for name, e in story.offline
    ]
    titles = ["policy", "estimator", "EUR per decision", "95 % interval", "effective rows"]
    return (
        "<h2>What the log says, without running them</h2>"
        '<p class="faint">Estimated from the decisions that the logging policy took, by '
        "reweighting (ips, snips) and with a reward model beside it (dr). Few effective rows mean "
        "that the log seldom did what the policy would do.</p>"
        + _figure(forest(bars, "EUR per decision", zero=False), "")
        + _table(titles, rows)
    )


def _behaviour(story: Story) -> str:
    means = {
        t.policy: {name: float(t[name].mean()) for name, _, _ in _FIGURES} for t in story.tables
    }
    panels = {
        "mean wait, s": {name: figures["wait_s"] for name, figures in means.items()},
        "gave up, %": {name: 100 * figures["abandoned"] for name, figures in means.items()},
        "occupancy, %": {name: 100 * figures["occupancy"] for name, figures in means.items()},
        "overload, min a day": {name: f["overload_min"] for name, f in means.items()},
    }
    mix = {table.policy: table.action_share for table in story.tables}
    return (
        "<h2>What they do, and what customers and employees feel of it</h2>"
        + _figure(action_mix(mix), "Share of decisions by kind of action.")
        + _figure(
            small_bars(panels, story.policy),
            "Waiting and giving up are the customers' side, occupancy and overload the employees'.",
        )
    )


def _training(story: Story) -> str:
    if not story.curve:
        return ""
    return "<h2>Training</h2>" + _figure(
        learning_curve(story.curve),
        "Mean expected reward of each batch of decisions while exploring; the line is a running "
        "mean. It starts where the prior stands, in centres that are still empty, which flatters "
        "the first batches; it is no estimate of what the policy earns.",
    )


def _decision(story: Story) -> str:
    reply = story.decision
    if not reply:
        return ""
    chosen, ranked, why = reply["chosen"], reply["ranked"], reply["why"]
    assert isinstance(chosen, Mapping)
    assert isinstance(ranked, Sequence)
    assert isinstance(why, Sequence)
    rows = [
        (
            entry["id"] == chosen["id"],
            [str(entry["id"]), f"{entry['probability']:.3f}", _euro(entry)],
        )
        for entry in ranked[:6]
    ]
    came_back = ", ".join(f"{name} {value:g}" for name, value in story.outcome.items())
    titles = ["action", "probability", "predicted reward, EUR"]
    propensity = reply["propensity"]
    assert isinstance(propensity, float)
    return (
        "<h2>One decision over HTTP</h2>"
        f"<p>The server chose <strong>{_text(chosen['id'])}</strong> with probability "
        f"{propensity:.3f}, because:</p>{_items(why)}"
        + _table(titles, rows)
        + f"<p>Posted back as its outcome: {_text(came_back)}. The journal holds both.</p>"
    )


def _euro(entry: Mapping[str, object]) -> str:
    value = entry.get("expected_reward_eur")
    return f"{value:.2f}" if isinstance(value, float) else "–"


def _table(titles: Sequence[str], rows: Iterable[tuple[bool, Sequence[str]]]) -> str:
    """A table; rows that are marked stand out."""
    head = "".join(f"<th>{_text(title)}</th>" for title in titles)
    body = "".join(
        f"<tr{' class=best' if best else ''}>"
        + "".join(f"<td>{_text(cell)}</td>" for cell in cells)
        + "</tr>"
        for best, cells in rows
    )
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _figure(svg: str, caption: str) -> str:
    told = f"<figcaption>{_text(caption)}</figcaption>" if caption else ""
    return f"<figure>{svg}{told}</figure>"


def _facts(facts: Mapping[str, str]) -> str:
    pairs = (f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in facts.items())
    return f"<dl>{''.join(pairs)}</dl>"


def _list(title: str, sentences: Sequence[str]) -> str:
    return f"<h2>{_text(title)}</h2>{_items(sentences)}"


def _items(sentences: Iterable[object]) -> str:
    return "<ul>" + "".join(f"<li>{_text(sentence)}</li>" for sentence in sentences) + "</ul>"


def _text(value: object) -> str:
    return html.escape(str(value))
