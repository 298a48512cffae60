"""The compiled forms of some modules, which do the same in less time, where they were built."""

import importlib
import importlib.util
import warnings
from functools import cache
from types import ModuleType


@cache
def compiled(name: str) -> ModuleType | None:
    """The compiled module of this full name; None where it was not built or cannot be loaded.

    One that is there and cannot be loaded is told as a warning, once.

    >>> compiled("nba.act._never_written") is None
    True
    """
    if importlib.util.find_spec(name) is None:
        return None
    try:
        return importlib.import_module(name)
    # The two others are Cython's words for a module that was built beside another one's old form.
    except (ImportError, TypeError, ValueError) as error:
        warnings.warn(
            f"{name} was built but cannot be loaded ({type(error).__name__}: {error}), so its "
            "slower Python form is used; install nba-engine again to have it built anew",
            RuntimeWarning,
            stacklevel=2,
        )
        return None
