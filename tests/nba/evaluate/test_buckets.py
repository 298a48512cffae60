"""Buckets: one customer, one bucket, however its name is stored."""

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from nba.errors import LogError
from nba.evaluate.buckets import N_BUCKETS, column_buckets, row_buckets, unit_buckets

NAMES = [f"customer-{i % 40}" for i in range(100)]


def test_a_name_decides_the_bucket_and_not_its_place() -> None:
    found = unit_buckets(np.array(NAMES, dtype=object))
    np.testing.assert_array_equal(found[:40], found[40:80])
    np.testing.assert_array_equal(found[50:], unit_buckets(np.array(NAMES[50:], dtype=object)))


@pytest.mark.parametrize(
    "column",
    [
        pa.array(NAMES),
        pa.array(NAMES, pa.large_string()),
        pa.array(NAMES).dictionary_encode(),
        pa.chunked_array([NAMES[:30], NAMES[30:]]),
        pa.array(["other", *NAMES]).slice(1),
    ],
    ids=["text", "large", "dictionary", "chunks", "slice"],
)
def test_the_form_of_a_column_does_not_matter(column: pa.Array) -> None:
    wanted = unit_buckets(np.array(NAMES, dtype=object))
    np.testing.assert_array_equal(column_buckets(column), wanted)


def test_a_number_counts_by_its_text() -> None:
    numbers = pa.array([1, 22, 333])
    texts = np.array(["1", "22", "333"], dtype=object)
    np.testing.assert_array_equal(column_buckets(numbers), unit_buckets(texts))


def test_a_unit_that_is_no_text_is_named() -> None:
    with pytest.raises(LogError, match=r"unit\[1\] is 7, no text"):
        unit_buckets(np.array(["ann", 7], dtype=object))


def test_rows_without_a_unit_are_one_customer() -> None:
    found = column_buckets(pa.array(["a", None, None]))
    assert found[1] == found[2] == unit_buckets(np.array([""], dtype=object))[0]


@pytest.mark.parametrize(
    "buckets",
    [
        unit_buckets(np.array([f"c{i}" for i in range(200_000)], dtype=object)),
        row_buckets(200_000),
    ],
    ids=["names", "rows"],
)
def test_buckets_are_filled_evenly(buckets: np.ndarray) -> None:
    counts = np.bincount(buckets, minlength=N_BUCKETS)
    assert buckets.min() >= 0
    assert len(counts) == N_BUCKETS
    # Poisson with mean 48.8: χ² over 4,096 cells has mean 4,095 and standard deviation 90.5.
    mean = counts.mean()
    assert abs(np.square(counts - mean).sum() / mean - 4095) < 4 * 90.5
