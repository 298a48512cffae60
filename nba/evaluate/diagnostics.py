"""How far the weights of a log can be trusted, in a few numbers.

Sources: Kish 1965 (effective sample size).
"""

import numpy as np

from nba.types import Floats


def effective_sample_size(total: float, total_of_squares: float) -> float:
    """(Σw)² / Σw²: how many equally weighted rows would say as much; 0 if every weight is 0.

    >>> effective_sample_size(4.0, 4.0), effective_sample_size(4.0, 16.0)
    (4.0, 1.0)
    """
    return float(total * total / total_of_squares) if total_of_squares > 0 else 0.0


def max_weight_share(largest: float, total: float) -> float:
    """The share of all weight that one row holds; 1 if every weight is 0."""
    return float(largest / total) if total > 0 else 1.0


def mean_weight_z(weight: Floats, rows: Floats) -> float:
    """Standard errors by which the mean weight is off 1, from sums per bucket of units, (J,), (J,).

    Weights have mean 1 if the propensities are right and the log tried all that the target does.
    """
    n_buckets = int((rows > 0).sum())
    off = weight - rows
    mean = weight.sum() / rows.sum()
    spread = off - (mean - 1.0) * rows  # zero where a bucket is empty
    if n_buckets < 2:
        return 0.0 if np.isclose(mean, 1.0) else float(np.copysign(np.inf, mean - 1.0))
    error = np.sqrt(n_buckets / (n_buckets - 1) * np.square(spread).sum()) / rows.sum()
    if error <= 1e-12:
        return 0.0 if np.isclose(mean, 1.0) else float(np.copysign(np.inf, mean - 1.0))
    return float((mean - 1.0) / error)
