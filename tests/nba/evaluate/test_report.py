"""The page: verdict first, self-contained, safe, and no figure that the answer does not have."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from nba.errors import InputError
from nba.evaluate.answer import Answer
from nba.evaluate.decision_evaluation import LogTarget, evaluate_decisions
from nba.evaluate.figures import Line, forest
from nba.evaluate.flat_evaluation import action_target, evaluate_flat
from nba.evaluate.report import page, write_report
from nba.listen.foreign import open_flat
from nba.types import Estimate
from tests.flat_files import flat_rows, write_csv
from tests.planted_log import draw_log, make_world

PLANTED = draw_log(make_world(np.random.default_rng(1)), 2000, np.random.default_rng(2))
VOID = {"meta", "line", "circle", "rect"}


class Nesting(HTMLParser):
    """Sees that every tag is closed in its place."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def answer() -> Answer:
    target = LogTarget("planted <&>", PLANTED.target)
    return evaluate_decisions(PLANTED.log, target, segments=["tier"])


def test_a_page_is_well_formed_and_needs_nothing_else(answer: Answer) -> None:
    text = page(answer)
    seen = Nesting()
    seen.feed(text)
    assert seen.open == []
    assert {"script", "link", "img"}.isdisjoint(seen.tags)
    assert "http" not in text
    assert "prefers-color-scheme: dark" in text
    assert (
        seen.tags.count("svg") == 7
    )  # values, difference, segments, weights, overlap, two calibrations


def test_the_verdict_comes_before_every_figure(answer: Answer) -> None:
    for verdict, said in (("PROMOTE", "PROMOTE:"), ("CANT_TELL", "CAN&#x27;T TELL:")):
        result = replace(answer.result, verdict=verdict, reasons=("because",))  # type: ignore[arg-type]  # one of the three
        text = page(replace(answer, result=result))
        assert 0 < text.index(said) < text.index("because") < text.index("<svg")


def test_every_estimate_and_segment_is_on_the_page(answer: Answer) -> None:
    text = page(answer)
    assert all(f"<td>{e.method}</td>" in text for _, e in answer.estimates)
    assert all(name in text for name in answer.segments)


def test_names_are_text_and_no_markup(answer: Answer) -> None:
    text = page(answer)
    assert "planted <&>" not in text
    assert "planted &lt;&amp;&gt;" in text


def test_a_flat_answer_has_no_calibration_and_infinite_ends_are_drawn(tmp_path: Path) -> None:
    log = open_flat(write_csv(tmp_path / "log.csv", flat_rows(50)))
    found = evaluate_flat(log, action_target("a"))
    endless = replace(found.difference, low=-np.inf, high=np.inf)
    text = page(replace(found, difference=endless))
    assert "Calibration of the reward model" not in text
    assert not re.search(r'="(nan|-?inf)"', text)


def test_a_page_is_written_whole_or_not_at_all(answer: Answer, tmp_path: Path) -> None:
    path = write_report(tmp_path / "deep" / "page.html", answer)
    assert path.read_text().endswith("</html>\n")
    assert [p.name for p in path.parent.iterdir()] == ["page.html"]
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write_report(tmp_path / "file" / "page.html", answer)


def test_a_long_name_is_cut_in_the_middle_and_told_whole_under_the_mouse() -> None:
    name = "a policy trained in the first week of March, dr"
    drawn = forest([Line(name, Estimate(1.0, 0.1, 0.8, 1.2, 9.0, "dr"))], "EUR", zero=True)
    assert f"<title>{name}</title>a policy train…" in drawn
    assert f"{name[-13:]}</text>" in drawn
