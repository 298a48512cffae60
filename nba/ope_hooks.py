"""What the workshop does for `nba ope`, loaded by name when asked for: Ray's machines, MLflow.

The engine never imports the workshop; like the command table this is a table of names.
"""

import importlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, Protocol, cast

from nba.evaluate.answer import Answer
from nba.evaluate.comparison import Comparison
from nba.evaluate.decision_evaluation import RunParts
from nba.evaluate.stream import LogColumns

HOOKS: Final[Mapping[str, str]] = {
    "engine": "experiments.scale:evaluate_columns",
    "parts": "experiments.scale:parts_on",
    "track": "experiments.ope_tracking:track_answer",
}


class EvaluateColumns(Protocol):
    """Sums of column targets over the shards of a Parquet log."""

    def __call__(self, path: Path | str, columns: LogColumns, *, engine: str) -> Comparison: ...


class PartsOn(Protocol):
    """What runs a function on the parts of a decision log, while the engine is up."""

    def __call__(self, engine: str) -> AbstractContextManager[RunParts]: ...


class TrackAnswer(Protocol):
    """Records an answer, and its report if there is one, in a runs folder; tells the run's id."""

    def __call__(self, answer: Answer, runs: Path, *, report: Path | None) -> str: ...


def evaluate_on_engine(path: Path | str, columns: LogColumns, *, engine: str) -> Comparison:
    """The sums of column targets, made by the engine of that name."""
    call = cast(EvaluateColumns, _load("engine"))
    return call(path, columns, engine=engine)


def parts_on_engine(engine: str) -> AbstractContextManager[RunParts]:
    """The engine of that name, running the parts of a decision log."""
    return cast(PartsOn, _load("parts"))(engine)


def track_answer(answer: Answer, runs: Path, *, report: Path | None) -> str:
    """The id of the run in which the answer is now recorded."""
    call = cast(TrackAnswer, _load("track"))
    return call(answer, runs, report=report)


def _load(name: str) -> object:
    module, _, function = HOOKS[name].partition(":")
    found: object = getattr(importlib.import_module(module), function)
    return found
