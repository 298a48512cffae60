"""The one-page report."""

from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from envs.evaluate_days import DayTable
from experiments.compare import Interval
from experiments.report import Difference, Story, page, write_report
from nba.types import Estimate

NAMES = ("longest_idle", "greedy", "index_rule", "trained")
VOID = {"meta", "br", "path", "use", "rect"}


class Reader(HTMLParser):
    """Collects the text and checks that elements are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.open: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.loads += [str(v) for k, v in attrs if k in {"src", "href"} and tag != "use"]

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def table(name: str, mean: float) -> DayTable:
    rng = np.random.default_rng(len(name))
    figures = ("fcr", "abandoned", "occupancy", "containment")
    columns = {figure: rng.uniform(0.1, 0.9, 8) for figure in figures}
    columns |= {"wait_s": rng.uniform(5, 50, 8), "overload_min": rng.uniform(0, 90, 8)}
    return DayTable(
        name, {"eur_per_contact": rng.normal(mean, 0.2, 8), **columns}, {"employee": 1.0}
    )


@cache
def story() -> Story:
    return Story(
        title="A walk & its <end>",
        policy="trained",
        good=True,
        verdict=["PROMOTE: it is better.", "All of the interval is above zero."],
        tables=[table(name, mean) for mean, name in enumerate(NAMES)],
        differences=[Difference("trained", "greedy", Interval(0.21, 0.12, 0.30))],
        offline=[("trained", Estimate(1.5, 0.1, 1.3, 1.7, 812.0, "dr"))],
        curve=[(1000 * i, 0.1 * i) for i in range(1, 9)],
        decision={
            "chosen": {"id": "employee-003", "kind": "employee"},
            "propensity": 0.934,
            "ranked": [
                {"id": "employee-003", "probability": 0.934, "expected_reward_eur": 4.25},
                {"id": "queue", "probability": 0.066},
            ],
            "why": ["shortest wait <of all>", "second reason", "third reason"],
        },
        outcome={"resolved": 1.0, "handle_s": 212.0},
        facts={"repeat it": "nba demo --seed 0"},
    )


@cache
def told_page() -> str:
    return page(story())


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    return reader


def test_the_page_is_sound_html_that_loads_nothing() -> None:
    reader = read(told_page())
    assert reader.open == []
    assert reader.loads == []
    assert "http://" not in told_page().replace("http://www.w3.org/", "")


@pytest.mark.parametrize(
    "told",
    [
        "A walk & its <end>", "PROMOTE: it is better.", "longest_idle", "812", "1.30 to 1.70",
        "+0.21", "employee-003", "0.934", "4.25", "shortest wait <of all>", "nba demo --seed 0",
        "resolved 1, handle_s 212", "chosen employee", "8 simulated days",
    ],
)  # fmt: skip
def test_the_page_tells(told: str) -> None:
    assert told in " ".join(" ".join(read(told_page()).text).split())


def test_the_best_policy_stands_out() -> None:
    text = told_page()
    assert "<tr class=best><td>trained</td>" in text
    assert "<tr class=best><td>greedy</td>" not in text


@pytest.mark.parametrize(("good", "colour"), [(True, "yes"), (False, "no"), (None, "")])
def test_the_verdict_shows_its_colour(good: bool | None, colour: str) -> None:
    assert f'class="verdict {colour}"' in page(replace(story(), good=good))


def test_parts_without_content_are_left_out() -> None:
    bare = page(replace(story(), offline=(), curve=(), decision={}))
    for title in ("What the log says", "Training", "One decision over HTTP"):
        assert title in told_page()
        assert title not in bare


def test_limits_are_told() -> None:
    assert "The centre is simulated." in told_page()


def test_the_same_story_gives_the_same_page(tmp_path: Path) -> None:
    first = write_report(tmp_path / "deep" / "one.html", story()).read_bytes()
    assert write_report(tmp_path / "two.html", story()).read_bytes() == first
    assert [path.name for path in tmp_path.iterdir()] != []
    assert not list(tmp_path.rglob("*.unfinished"))
