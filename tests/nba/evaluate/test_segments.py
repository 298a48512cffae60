"""Segments: every row in the group of its value, whatever the column's form."""

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from nba.evaluate.segments import encode_segment, read_segment


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["low", None, "high", "low"]),
        pa.array(["low", None, "high", "low"]).dictionary_encode(),
        pa.array(["x", "low", None, "high", "low"]).slice(1),
    ],
    ids=["text", "dictionary", "slice"],
)
def test_each_value_has_its_rows_and_a_missing_one_is_empty(column: pa.Array) -> None:
    groups = {name: rows.tolist() for name, rows in read_segment("tier", column).groups()}
    assert groups == {"low": [0, 3], "high": [2], "": [1]}


def test_numbers_are_named_by_their_text() -> None:
    groups = dict(read_segment("region", pa.array([7, 9, 7])).groups())
    assert groups["7"].tolist() == [0, 2]


def test_a_logs_column_is_encoded_the_same() -> None:
    segment = encode_segment("tier", np.array(["b", "a", "b"], dtype=object))
    assert segment.name == "tier"
    assert [segment.values[code] for code in segment.codes] == ["b", "a", "b"]
