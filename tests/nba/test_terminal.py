"""Results on stdout as one JSON object, everything for people on stderr."""

import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from nba.terminal import note, print_json, progress


@dataclass(frozen=True, slots=True)
class Row:
    """A result as a command has it."""

    policy: str
    value: float


class Terminal(io.StringIO):
    """A stream that a person watches."""

    def isatty(self) -> bool:
        return True


def printed(value: object, capsys: pytest.CaptureFixture[str]) -> object:
    print_json(value)
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    return json.loads(out)


def test_one_line_of_json_holds_numpy_dataclasses_and_paths(
    capsys: pytest.CaptureFixture[str],
) -> None:
    value = {
        "rows": (Row("greedy", np.float64(1.5)),),
        "counts": np.array([[1, 2]]),
        "ready": np.bool_(True),
        "n": np.int64(3),
        "weights": MappingProxyType({"resolved": 7.0}),
        "report": Path("runs/report.html"),
    }
    assert printed(value, capsys) == {
        "rows": [{"policy": "greedy", "value": 1.5}],
        "counts": [[1, 2]],
        "ready": True,
        "n": 3,
        "weights": {"resolved": 7.0},
        "report": "runs/report.html",
    }


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -np.inf, np.float32("nan")])
def test_a_number_that_is_not_finite_becomes_null(
    number: float, capsys: pytest.CaptureFixture[str]
) -> None:
    assert printed({"ess": number, "all": [number, np.array([number])]}, capsys) == {
        "ess": None,
        "all": [None, [None]],
    }


def test_a_value_without_a_json_form_is_refused_before_anything_is_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(TypeError, match="Generator"):
        print_json({"rng": np.random.default_rng(1)})
    assert capsys.readouterr().out == ""


def test_a_note_leaves_stdout_alone(capsys: pytest.CaptureFixture[str]) -> None:
    note("loaded")
    assert capsys.readouterr() == ("", "loaded\n")


def test_without_a_terminal_progress_is_a_start_and_an_end_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with progress("days", 5) as advance:
        advance()
        advance(4)
    captured = capsys.readouterr()
    start, end = captured.err.splitlines()
    assert start == "days …"
    assert end.startswith("days: 5 of 5 in ")
    assert captured.out == ""


def test_on_a_terminal_progress_is_a_bar_with_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "120")
    with progress("days", 5) as advance:
        advance(5)
    assert "days" in terminal.getvalue()
    assert "5/5" in terminal.getvalue()
    assert "/s" in terminal.getvalue()


@pytest.mark.parametrize("stderr", [io.StringIO, Terminal])
def test_an_error_inside_passes_through(
    stderr: type[io.StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", stderr())
    with pytest.raises(ZeroDivisionError), progress("days", 5):
        _ = 1 / 0
