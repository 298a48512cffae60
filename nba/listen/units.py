"""Customers as keys: rows of one unit are not independent, so they stay together in everything."""

import numpy as np
from numpy.typing import NDArray

from nba.seeding import keyed_uniforms, text_key
from nba.types import Ints, Texts


def unit_keys(unit: Texts) -> NDArray[np.uint64]:
    """A 64-bit key per row, (n,), that depends on its unit's name alone.

    >>> keys = unit_keys(np.array(["ann", "bob", "ann"], dtype=object))
    >>> bool(keys[0] == keys[2]), bool(keys[0] == keys[1])
    (True, False)
    """
    keys = {name: text_key(name) for name in set(unit)}
    return np.fromiter(map(keys.__getitem__, unit), dtype=np.uint64, count=len(unit))


def unit_parts(unit: Texts, n_parts: int, *, purpose: str) -> Ints:
    """Each row's part in 0 … n_parts - 1, (n,): all rows of one unit are in the same one.

    `purpose` keeps different splits (folds, buckets) independent of each other. The split is the
    same in every process and for every order of the rows.

    >>> unit_parts(np.array(["ann", "bob", "ann"], dtype=object), 1, purpose="fold")
    array([0, 0, 0])
    """
    uniforms = keyed_uniforms(unit_keys(unit), text_key("unit part", purpose))
    return np.asarray(uniforms * n_parts).astype(np.int64)
