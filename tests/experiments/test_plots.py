"""The report's figures."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest

from experiments.plots import Bar, action_mix, forest, learning_curve, small_bars

BARS = [Bar("a − b", 0.2, 0.1, 0.3), Bar("a − c", -0.1, -0.3, 0.1)]
MIX = {"rule": {"queue": 0.4, "employee": 0.6}, "net": {"content": 0.5, "employee": 0.5}}
FIGURES: dict[str, Callable[[], str]] = {
    "forest": lambda: forest(BARS, "EUR"),
    "values": lambda: forest(BARS, "EUR", zero=False),
    "curve": lambda: learning_curve([(i * 100, i / 7) for i in range(30)]),
    "mix": lambda: action_mix(MIX),
    "panels": lambda: small_bars({"wait, s": {"rule": 40.0, "net": 12.5}}, "net"),
}
every_figure = pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)


def texts(svg: str) -> list[str]:
    root = ET.fromstring(svg)  # noqa: S314 our own figure
    return ["".join(node.itertext()).strip() for node in root.iter() if node.tag.endswith("text")]


@every_figure
def test_a_figure_is_one_svg_element_without_a_fixed_size(draw: Callable[[], str]) -> None:
    root = ET.fromstring(draw())  # noqa: S314 our own figure
    assert root.tag.endswith("svg")
    assert root.get("viewBox")
    assert root.get("width") is root.get("height") is None


@every_figure
def test_a_figure_takes_the_pages_colour_and_needs_nothing_from_outside(
    draw: Callable[[], str],
) -> None:
    svg = draw()
    assert "currentColor" in svg
    assert not re.search(r"(src|href)=\"(?!#)", svg)
    assert "@import" not in svg


@every_figure
def test_the_same_numbers_give_the_same_figure(draw: Callable[[], str]) -> None:
    assert draw() == draw()


def test_rows_and_values_are_told_in_words() -> None:
    found = texts(forest(BARS, "EUR, difference"))
    assert {"a − b", "a − c", "EUR, difference", "+0.20", "-0.10"} <= set(found)


def test_only_kinds_that_somebody_chose_are_in_the_legend() -> None:
    found = texts(action_mix(MIX))
    assert {"rule", "net", "self-service", "shared queue", "chosen employee"} <= set(found)
    assert "callback" not in found


def test_a_panel_shows_its_numbers() -> None:
    found = texts(small_bars({"wait, s": {"rule": 40.0, "net": 12.5}}, "net"))
    assert {"wait, s", "40.0", "12.5"} <= set(found)


def test_a_curve_of_one_point_can_be_drawn() -> None:
    assert learning_curve([(100, 1.0)])
