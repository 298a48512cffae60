"""Do the logged propensities belong to the logged choices? One equation per action tells.

Where an action is open, chosen / propensity has mean 1, whatever the policy: a column that is
shifted by a row keeps the mean of all weights and breaks this.
Sources: Horvitz & Thompson 1952.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from nba.listen.blocks import chosen_flat
from nba.types import Bools, DecisionLog, Floats, Ints

MIN_PICKS: Final = 20  # with fewer the mean of chosen / propensity is no normal variable yet
MAX_Z: Final = 5.0  # beyond it in one of 1.7 million actions by luck


def propensity_z_by_action(log: DecisionLog) -> dict[str, float]:
    """Per action id the standard errors by which the mean of chosen / propensity is off 1.

    Actions that were chosen fewer than 20 times are left out.
    """
    names, codes = np.unique(log.action_ids.astype(str), return_inverse=True)
    codes = codes.ravel()
    return _named(names, _z(codes, codes[chosen_flat(log)], log.propensity, len(names)))


def propensity_z_of_choices(action: Ints, propensity: Floats) -> Mapping[int, float]:
    """The same for a flat log, (n,), in which every action is open in every row.

    >>> rng = np.random.default_rng(1)
    >>> action = (rng.random(4000) < 0.2).astype(np.int64)
    >>> p = np.where(action == 1, 0.2, 0.8)
    >>> right = propensity_z_of_choices(action, p)
    >>> shifted = propensity_z_of_choices(action, np.roll(p, 1))
    >>> max(map(abs, right.values())) < 3, max(map(abs, shifted.values())) > 10
    (True, True)
    """
    n_actions = int(action.max()) + 1
    open_rows = np.full(n_actions, len(action))
    found = _z_of_sums(action, propensity, open_rows)
    return {int(a): float(found[a]) for a in np.flatnonzero(_picked(action, n_actions))}


def _z(flat: Ints, picked: Ints, propensity: Floats, n_actions: int) -> Floats:
    open_rows = np.bincount(flat, minlength=n_actions)
    found = _z_of_sums(picked, propensity, open_rows)
    return np.where(_picked(picked, n_actions), found, np.nan)


def _z_of_sums(picked: Ints, propensity: Floats, open_rows: Ints) -> Floats:
    """Mean of chosen / propensity - 1 over its standard error, by action."""
    size = len(open_rows)
    mean = np.bincount(picked, 1.0 / propensity, minlength=size) / np.maximum(open_rows, 1)
    square = np.bincount(picked, 1.0 / propensity**2, minlength=size) / np.maximum(open_rows, 1)
    error = np.sqrt(np.maximum(square - 2.0 * mean + 1.0, 0.0) / np.maximum(open_rows, 1))
    off = mean - 1.0
    return np.divide(off, error, out=np.zeros_like(off), where=error > 1e-12)


def _picked(picked: Ints, n_actions: int) -> Bools:
    return np.asarray(np.bincount(picked, minlength=n_actions) >= MIN_PICKS)


def _named(names: np.ndarray, found: Floats) -> dict[str, float]:
    return {str(n): float(z) for n, z in zip(names, found, strict=True) if not np.isnan(z)}
