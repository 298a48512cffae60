"""The compiled hashes behind buckets: names and row numbers as numbers below a bound."""

import numpy as np
from numpy.typing import NDArray

from nba.evaluate.jit import njit
from nba.types import Ints

Buckets32 = NDArray[np.int32]


@njit
def bucket_texts(letters: NDArray[np.uint8], starts: Ints, n_buckets: int) -> Buckets32:
    """The bucket of each text, (n,), whose UTF-8 bytes are letters[starts[i] : starts[i + 1]]."""
    found = np.empty(len(starts) - 1, dtype=np.int32)
    for i in range(len(found)):
        h = np.uint64(0xCBF29CE484222325)
        for k in range(starts[i], starts[i + 1]):
            h = (h ^ np.uint64(letters[k])) * np.uint64(0x100000001B3)
        found[i] = _below(h, n_buckets)
    return found


@njit
def bucket_numbers(first: np.uint64, n: int, n_buckets: int) -> Buckets32:
    """The bucket of each of n numbers that follow each other, (n,)."""
    found = np.empty(n, dtype=np.int32)
    for i in range(n):
        found[i] = _below(first + np.uint64(i), n_buckets)
    return found


@njit
def _below(key: np.uint64, bound: int) -> int:
    z = key + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return int(np.float64(z >> np.uint64(11)) * 2.0**-53 * bound)
