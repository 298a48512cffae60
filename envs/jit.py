"""The compiler of the kernel: numba's njit with a type that strict checkers keep."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Compiled = TypeVar("Compiled", bound=Callable[..., Any])


def njit(function: Compiled) -> Compiled:
    """The function, compiled on first call and cached on disk beside its file."""
    return cast(Compiled, numba.njit(cache=True, error_model="numpy")(function))
