"""Rows made from typed structs are the rows that the spec encodes from named values."""

from typing import Any

import msgspec
import numpy as np
import pytest

from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.encode import Feature, FeatureSpec, Value
from serving.path.rows import ActionRows, ContextRow, values_type

KIND = Feature("kind", levels=("employee", "queue"))
OPTIONAL = FeatureSpec(
    "optional",
    context=(Feature("a"), Feature("b-c", default=0.5), Feature("class", levels=("x", "y"))),
    action=(Feature("first"), KIND, Feature("second", default=0.25), Feature("third")),
)
WITH_LEVELS = FeatureSpec(
    "levels", (Feature("a"),), (*OPTIONAL.action, Feature("l", levels=("p", "q")))
)


def context_row(spec: FeatureSpec, values: dict[str, Value]) -> np.ndarray[Any, Any]:
    read = msgspec.convert(values, values_type("Context", spec.context))
    return ContextRow(spec.context)(read)


def action_rows(spec: FeatureSpec, rows: list[dict[str, Value]]) -> np.ndarray[Any, Any]:
    kind = values_type("Features", [f for f in spec.action if f.name != "kind"])
    features = [{k: v for k, v in row.items() if k != "kind"} for row in rows]
    return ActionRows(spec)(
        [str(row["kind"]) for row in rows], [msgspec.convert(row, kind) for row in features]
    )


@pytest.mark.parametrize(
    "values",
    [
        {"a": 1, "b-c": 0.125, "class": "y"},
        {"a": 0.5, "class": "x"},
        {"a": 0.5, "b-c": None, "class": "x"},
    ],
)
def test_a_context_is_encoded_as_the_spec_does(values: dict[str, Value]) -> None:
    assert context_row(OPTIONAL, values).tolist() == OPTIONAL.encode_context(values).tolist()


@pytest.mark.parametrize("number", [1, 15, 16, 70_000])
@pytest.mark.parametrize("odd", [{}, {"second": 0.75}, {"second": None}])
def test_actions_are_encoded_as_the_spec_does(number: int, odd: dict[str, Value]) -> None:
    base: dict[str, Value] = {"kind": "queue", "first": 0.5, "third": 1}
    rows = [{**base, "kind": "employee", **odd}, *([base] * (number - 1))]
    found = action_rows(OPTIONAL, rows)
    assert found.shape == (number, len(OPTIONAL.action_names))
    assert found[0].tolist() == OPTIONAL.encode_action(rows[0]).tolist()
    assert (found[1:] == OPTIONAL.encode_action(base)).all()


def test_an_action_feature_with_levels_is_encoded_as_the_spec_does() -> None:
    rows: list[dict[str, Value]] = [
        {"kind": "queue", "first": 0.5, "third": 1, "l": "q"},
        {"kind": "employee", "first": 0.25, "second": 0.5, "third": 1, "l": "p"},
    ]
    expected = [WITH_LEVELS.encode_action(row).tolist() for row in rows]
    assert action_rows(WITH_LEVELS, rows).tolist() == expected


@pytest.mark.parametrize("change", [{"a": 1.5}, {"class": "z"}, {"new": 1}, {"a": "high"}])
def test_what_the_spec_refuses_the_type_refuses(change: dict[str, Value]) -> None:
    with pytest.raises(msgspec.ValidationError):
        context_row(OPTIONAL, {"a": 1, "class": "x", **change})


def test_sixteen_and_more_features_fit() -> None:
    rng = np.random.default_rng(0)
    numbers = [f for f in CONTACT_CENTRE.action if f.name != "kind"]
    rows: list[dict[str, Value]] = [
        {"kind": "employee", **{f.name: float(rng.uniform(f.low, f.high)) for f in numbers}}
        for _ in range(5)
    ]
    expected = np.array([CONTACT_CENTRE.encode_action(row) for row in rows], dtype=np.float32)
    assert (action_rows(CONTACT_CENTRE, rows) == expected).all()
