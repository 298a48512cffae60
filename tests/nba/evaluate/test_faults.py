"""Repeated ids are found over all chunks, in any split."""

import numpy as np
import pytest

from nba.evaluate.faults import Seen


@pytest.mark.parametrize("parts", [1, 2, 7, 50])
def test_repetitions_do_not_depend_on_the_chunks(parts: int) -> None:
    ids = np.array([f"d{i}" for i in np.random.default_rng(1).integers(0, 800, 1000)], dtype=object)
    seen, expected = Seen(), []
    before: set[str] = set()
    for name in ids:
        expected.append(name in before)
        before.add(name)
    found = np.concatenate([seen.repeated(part) for part in np.array_split(ids, parts)])
    assert found.tolist() == expected


def test_an_empty_id_repeats_nothing() -> None:
    assert not Seen().repeated(np.array(["", "", "a"], dtype=object)).any()
