"""Units: the same customer is always in the same part, in every process and order."""

import numpy as np

from nba.listen.units import unit_keys, unit_parts
from tests.planted_log import UNITS


def test_a_key_depends_on_the_name_alone() -> None:
    forth, back = unit_keys(UNITS[:50]), unit_keys(UNITS[:50][::-1])
    np.testing.assert_array_equal(forth, back[::-1])
    assert len(set(forth.tolist())) == 50


def test_a_key_is_the_same_in_every_process() -> None:
    # Frozen: Python's own hash of a string changes with every start.
    assert unit_keys(np.array(["customer-7"], dtype=object)).tolist() == [17725386733512611216]


def test_parts_are_about_equally_filled() -> None:
    counts = np.bincount(unit_parts(UNITS[:10_000], 5, purpose="fold"), minlength=5)
    assert len(counts) == 5
    assert np.abs(counts - 2000).max() < 4 * np.sqrt(10_000 * 0.2 * 0.8)


def test_splits_for_different_purposes_are_independent() -> None:
    a = unit_parts(UNITS[:4000], 2, purpose="a")
    b = unit_parts(UNITS[:4000], 2, purpose="b")
    assert abs(np.mean(a == b) - 0.5) < 4 * np.sqrt(0.25 / 4000)
