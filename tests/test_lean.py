"""Deciding and serving load nothing of the training side, so the server starts fast and small."""

import json
import pkgutil
import subprocess
import sys

import pytest

import nba.act
import nba.listen
import serving
from nba.cli import COMMANDS

HEAVY = (
    "torch",
    "ray",
    "mlflow",
    "stable_baselines3",
    "sb3_contrib",
    "gymnasium",
    "numba",
    "pyarrow",
    "polars",
    "pandas",
    "scipy",
    "matplotlib",
)
ALLOWED_HEAVY = (
    "nba.listen.log",  # Parquet
    "nba.listen.log_parts",
    "nba.listen.log_source",
    "nba.listen.arrow_tables",  # CSV and Parquet of others
    "nba.listen.foreign",
    "serving.ray_app",  # the wrapper for Ray Serve
    "serving.compaction.compact",  # journal to Parquet
    "serving.compaction.overruled",
    "serving.compaction.parts",
    "serving.compaction.removal",
)
LEAN = sorted(
    module.name
    for package in (nba.act, nba.listen, serving)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if module.name not in ALLOWED_HEAVY
)
LEAN_COMMANDS = sorted(name for name, entry in COMMANDS.items() if entry.extra == "serve")

SCRIPT = f"""
import importlib, json, sys
for module in sys.argv[1:]:
    importlib.import_module(module)
print(json.dumps(sorted(set({HEAVY!r}) & set(sys.modules))))
"""


def heavy_after_importing(*modules: str) -> list[str]:
    command = [sys.executable, "-c", SCRIPT, *modules]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout))


def test_the_check_sees_a_heavy_library() -> None:
    assert "numba" in heavy_after_importing("numba")


def test_the_light_rooms_and_the_server_load_no_heavy_library() -> None:
    assert "serving.http.app" in LEAN
    assert heavy_after_importing("nba.cli", "nba.terminal", *LEAN) == []


@pytest.mark.parametrize("command", LEAN_COMMANDS)
def test_a_command_of_the_serve_extra_loads_no_heavy_library(command: str) -> None:
    module = COMMANDS[command].target.partition(":")[0]
    assert heavy_after_importing("nba.cli", module) == []
