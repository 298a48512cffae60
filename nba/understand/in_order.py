"""Products of matrices that are the same to the bit on every machine.

A library for linear algebra sums in the order that suits a processor, so the last digits of what it
gives differ between machines. Here each product is rounded and added in the order of the rows, as
the compiled forms do: a decision that is made again elsewhere is the same one.
"""

from typing import TypeVar

import numpy as np

from nba.types import Floats, Floats32

_Array = TypeVar("_Array", Floats, Floats32)


def product(left: _Array, right: _Array) -> _Array:
    """(k, n), (n, h) → (k, h), in the precision of both.

    >>> product(np.ones((1, 2)), np.eye(2)).tolist()
    [[1.0, 1.0]]
    """
    terms: _Array = left[:, :, None] * right
    return sums(terms)


def sums(terms: _Array) -> _Array:
    """The sum of each block's rows, (k, n, h) → (k, h).

    >>> sums(np.array([[[1.0, 2.0], [3.0, 4.0]]])).tolist()
    [[4.0, 6.0]]
    """
    found: _Array
    if terms.shape[2] > 1 or not terms.shape[1]:
        found = np.add.reduce(terms, axis=1)  # row to row
    else:  # numpy would add a single column in pairs
        found = np.add.accumulate(terms, axis=1)[:, -1]
    return found
