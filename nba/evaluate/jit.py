"""The compiler of the one-pass sums: numba's njit with a type that strict checkers keep."""

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import numba

Compiled = TypeVar("Compiled", bound=Callable[..., Any])
# Sums may be taken in another order, which is what lets them use wide registers; NaN stays NaN.
_REORDERED: Final = {"reassoc", "contract"}


def njit(function: Compiled) -> Compiled:
    """The function, compiled on first call and cached on disk beside its file."""
    compiler = numba.njit(cache=True, error_model="numpy", fastmath=_REORDERED)
    return cast(Compiled, compiler(function))
