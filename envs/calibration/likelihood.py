"""The best parameters of a likelihood, and how sharply it tells them."""

from collections.abc import Callable
from typing import Final

import numpy as np

from nba.types import Floats

_STEP: Final = 0.2  # of the first search, in log or logit units
_PROBE: Final = 1e-3  # of the second differences


def least_loss(loss: Callable[[Floats], float], start: Floats) -> Floats:
    """The parameters (k,) of the smallest loss, searched from `start` (Nelder and Mead 1965)."""
    from scipy.optimize import minimize  # type: ignore[import-untyped]  # scipy ships no types

    # The library's own first steps are a share of the start, and next to nothing at zero.
    simplex = np.vstack([start, start + _STEP * np.eye(len(start))])
    found = minimize(
        loss, start, method="Nelder-Mead",
        options={
            "initial_simplex": simplex, "xatol": 1e-5, "fatol": 1e-5, "maxiter": 4000,
            "maxfev": 4000,
        },
    )  # fmt: skip
    return np.asarray(found.x, dtype=np.float64)


def variances(loss: Callable[[Floats], float], at: Floats) -> Floats:
    """The parameters' variances (k,): the inverse of the loss's curvature; infinite where flat."""
    step = _PROBE * np.eye(len(at))
    rows = [
        [loss(at + a + b) - loss(at + a - b) - loss(at - a + b) + loss(at - a - b) for b in step]
        for a in step
    ]
    information = np.array(rows) / (4.0 * _PROBE**2)
    values, vectors = np.linalg.eigh((information + information.T) / 2.0)
    with np.errstate(divide="ignore"):
        spread = np.where(values > 1e-6, 1.0 / values, np.inf)
    shares = np.where(np.square(vectors) > 1e-9, np.square(vectors), 0.0)
    return np.array([(row[row > 0.0] * spread[row > 0.0]).sum() for row in shares])
