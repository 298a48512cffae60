"""The compiler of the kernel: numba's njit with a type that strict checkers keep.

Compiled code is kept on disk. numba looks only at the file of the function itself for changes; as
a function here has those it calls compiled into it, the cache is named by a digest of all of them.
"""

import hashlib
import os
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import numba as typed_numba

# Its settings, and two options that its types leave out.
numba = cast(Any, typed_numba)
Compiled = TypeVar("Compiled", bound=Callable[..., Any])

# The kernel works in tables that Python owns and allocates nothing. Without numba's reference
# counts, each an atomic instruction, a step takes a third of the time (measured: 6.0 → 1.9 µs).
# Released of Python's lock, centres can be stepped in two threads.
_OPTIONS: Final[dict[str, object]] = {
    "cache": True,
    "error_model": "numpy",
    "nogil": True,
    "_nrt": False,
}
_SOURCES: Final = Path(__file__).parent
_FEATURES: Final = _SOURCES.parent / "nba" / "listen" / "contact_features.py"
_IMPORT: Final = re.compile(
    r"^from envs(?:\.(\w+))? import (\(.*?\)|[^\n]*)", re.MULTILINE | re.DOTALL
)


@cache
def _imported(source: Path) -> frozenset[Path]:
    """The files of this folder that a file imports."""
    found = set()
    for module, names in _IMPORT.findall(source.read_text(encoding="utf-8")):
        parts = [module] if module else re.findall(r"(\w+)(?: as \w+)?", names)
        found |= {_SOURCES / f"{part}.py" for part in parts}
    return frozenset(path for path in found if path.exists())


@cache
def cache_directory(source: Path) -> Path:
    """Where the compiled code of a file is kept: the name tells it and all it imports apart."""
    files, new = {source}, {source}
    while new:
        new = {path for file in new for path in _imported(file)} - files
        files |= new
    digest = hashlib.sha256(_FEATURES.read_bytes())
    for file in sorted(files):
        digest.update(file.read_bytes())
    return _SOURCES / "__pycache__" / f"{source.stem}-{digest.hexdigest()[:12]}"


def _compiler(function: Compiled, **options: object) -> Compiled:
    before = numba.config.CACHE_DIR
    directory = cache_directory(Path(function.__code__.co_filename))
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if os.access(directory, os.W_OK):
            numba.config.CACHE_DIR = str(directory)
    except OSError:
        pass  # a read-only installation: numba finds a place of its own
    try:
        return cast(Compiled, numba.njit(**_OPTIONS, **options)(function))
    finally:
        numba.config.CACHE_DIR = before


def njit(function: Compiled) -> Compiled:
    """The function, compiled on first call; it must not make arrays."""
    return _compiler(function)


def inlined(function: Compiled) -> Compiled:
    """The function, compiled into its callers: passing the tables costs more than most bodies."""
    return _compiler(function, forceinline=True)


def entry(function: Callable[..., Any], arguments: tuple[object, ...]) -> Callable[..., Any]:
    """A compiled function's entry for arguments of just these types, which are not checked again.

    Finding out the types of a dozen tables takes longer than a step of sixteen centres.
    """
    types = tuple(numba.typeof(argument) for argument in arguments)
    return cast("Callable[..., Any]", cast(Any, function).compile(types))
