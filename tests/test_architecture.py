"""The house rules that no other tool checks: size, names, docstrings, tests where the code is."""

import ast
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("nba", "envs", "experiments", "serving")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
COMPILED = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.p[yx][xd]"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
LONGEST = 300
REFUSED_WORDS = {"utils", "util", "helpers", "helper", "common", "manager", "misc", "v2"}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES + COMPILED + TESTS, ids=name)
def test_a_file_is_short_enough_to_read_at_once(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    assert lines <= LONGEST, f"{name(path)} has {lines} lines; split it by idea"


@pytest.mark.parametrize("path", MODULES + COMPILED + TESTS, ids=name)
def test_a_file_is_named_by_its_idea(path: Path) -> None:
    words = {
        word for part in path.relative_to(ROOT).with_suffix("").parts for word in part.split("_")
    }
    assert not words & REFUSED_WORDS


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_and_its_public_functions_say_what_they_are(path: Path) -> None:
    tree = ast.parse(path.read_text())
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    silent = [f.name for f in functions if not f.name.startswith("_") and not ast.get_docstring(f)]
    assert ast.get_docstring(tree), f"{name(path)} does not say what room this is"
    assert not silent, f"{name(path)}: public functions without a docstring: {silent}"


@pytest.mark.parametrize("path", COMPILED, ids=name)
def test_a_compiled_module_says_what_it_is(path: Path) -> None:
    assert re.match(r'(#.*\n)*"""\S', path.read_text()), f"{name(path)} does not say what it is"
    if path.suffix == ".pyx":
        assert path.with_suffix(".pyi").exists(), f"{name(path)} has no .pyi: mypy cannot read it"


@pytest.mark.parametrize("path", COMPILED, ids=name)
def test_a_compiled_module_imports_what_its_room_may(path: Path) -> None:
    # import-linter reads no .pyx; the layers are those of its contracts, the highest first.
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    outer, inner = (contract["layers"] for contract in settings["contracts"][:2])
    layers = [set(re.findall(r"\w+", row)) for row in outer[:-1] + inner]
    own = path.relative_to(ROOT).with_suffix("").parts
    asked = re.findall(r"^ *(?:from|c?import) +([\w.]+)", path.read_text(), re.MULTILINE)
    ours = [one.split(".") for one in asked if one.partition(".")[0] in PACKAGES]
    refused = [
        ".".join(one)
        for one in ours
        if room(one) != room(own) and layer(room(one), layers) <= layer(room(own), layers)
    ]
    assert not refused, f"{name(path)} may not import {refused}"


def room(parts: Sequence[str]) -> str:
    return parts[1] if parts[0] == "nba" else parts[0]


def layer(of: str, layers: list[set[str]]) -> int:
    return next(place for place, rooms in enumerate(layers) if of in rooms)


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_package_file_holds_no_logic(path: Path) -> None:
    if path.name != "__init__.py":
        return
    allowed = (ast.Expr, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)
    statements = ast.parse(path.read_text()).body
    if path.parent.name == "envs":
        # `gymnasium.make("envs:nba/…")` imports this package to have its ids registered.
        statements = [s for s in statements if ast.unparse(s)[:26] != "if 'gymnasium' in sys.modu"]
    assert [type(node).__name__ for node in statements if not isinstance(node, allowed)] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_a_test_stands_where_its_module_stands(package: str) -> None:
    tests = (ROOT / "tests" / package).rglob("test_*.py")
    paths = [path.relative_to(ROOT / "tests") for path in tests]
    lost = [str(p) for p in paths if not (ROOT / p.parent / p.name.removeprefix("test_")).exists()]
    assert not lost, f"no module for these tests: {lost}"


@pytest.mark.parametrize("path", TESTS, ids=name)
def test_a_test_file_checks_something(path: Path) -> None:
    if not path.name.startswith("test_"):
        return
    tree = ast.parse(path.read_text())
    tests = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert any(node.name.startswith("test_") for node in tests)
