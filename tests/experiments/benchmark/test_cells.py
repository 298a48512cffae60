"""A study goes on where it was stopped, and never mixes settings."""

from collections.abc import Callable
from pathlib import Path

import pytest

from experiments.benchmark.cells import Record, markdown, study


def counting(calls: list[str], name: str) -> Callable[[], list[Record]]:
    def compute() -> list[Record]:
        calls.append(name)
        return [{"cell": name, "value": len(name)}]

    return compute


def test_a_stopped_study_goes_on_where_it_was(tmp_path: Path) -> None:
    calls: list[str] = []

    def stop() -> list[Record]:
        raise KeyboardInterrupt

    cells = {"one": counting(calls, "one"), "two": stop}
    with pytest.raises(KeyboardInterrupt):
        study("s", cells, settings="1", folder=tmp_path)
    cells["two"] = counting(calls, "two")
    found = study("s", cells, settings="1", folder=tmp_path)
    assert calls == ["one", "two"]
    assert [record["cell"] for record in found] == ["one", "two"]
    assert not list(tmp_path.rglob("*.part"))


def test_other_settings_are_computed_anew(tmp_path: Path) -> None:
    calls: list[str] = []
    for settings in ("1", "2", "1"):
        study("s", {"one": counting(calls, "one")}, settings=settings, folder=tmp_path)
    assert calls == ["one", "one"]


def test_without_a_folder_nothing_is_kept() -> None:
    calls: list[str] = []
    for _ in range(2):
        study("s", {"one": counting(calls, "one")}, settings="1", folder=None)
    assert calls == ["one", "one"]


def test_a_table_is_told_in_markdown() -> None:
    told = markdown([{"a": "x", "b": 0.9512, "c": 20_000, "d": 0.0}], ("a", "b", "c", "d"))
    assert told.splitlines()[-1] == "| x | 0.951 | 20,000 | 0 |"
