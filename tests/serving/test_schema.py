"""A refusal names the field; types are strict."""

import json
from typing import Any, get_args

import pytest

from nba.errors import RequestError
from nba.types import ACTION_KINDS
from serving.schema import DecisionRequest, Kind, OutcomeRequest, decode
from tests.serving.live_server import EXAMPLE, example

Path_ = list[str | int]


def refusal(body: bytes) -> RequestError:
    with pytest.raises(RequestError) as caught:
        decode(body, DecisionRequest)
    return caught.value


def changed(path: Path_, value: object) -> bytes:
    """The example with the member at a path replaced."""
    request: Any = example()
    inner = request
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return json.dumps(request).encode()


def test_the_kinds_are_the_engines() -> None:
    assert get_args(Kind) == ACTION_KINDS


def test_the_example_request_is_one() -> None:
    request = decode(EXAMPLE, DecisionRequest)
    assert request.customer.id == "customer-4711"
    assert {action.kind for action in request.actions} <= set(ACTION_KINDS)


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (["custmer"], {}, "custmer"),
        (["customer", "name"], "x", "customer.name"),
        (["customer", "consent"], "yes", "customer.consent"),
        (["customer", "id"], "", "customer.id"),
        (["actions", 2, "kind"], "robot", "actions[2].kind"),
        (["actions", 0, "score"], 1, "actions[0].score"),
        (["context", "hour"], [1], "context[...]"),
        (["decision_id"], "with space", "decision_id"),
        (["decision_id"], "x" * 129, "decision_id"),
        (["decision_id"], "line-break\n", "decision_id"),
        (["dry_run"], 1, "dry_run"),
    ],
)
def test_a_wrong_member_is_named(path: Path_, value: object, field: str) -> None:
    error = refusal(changed(path, value))
    assert (error.status, error.field) == (422, field)
    assert error.remedy


def test_an_absent_member_is_named() -> None:
    assert refusal(json.dumps(example(customer={})).encode()).field == "customer.id"
    assert refusal(json.dumps(example(context=None)).encode()).field == "context"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", EXAMPLE[:-5], EXAMPLE + b"x"])
def test_what_is_no_json_is_refused_with_400(body: bytes) -> None:
    error = refusal(body)
    assert (error.status, error.field) == (400, "body")


@pytest.mark.parametrize("body", [b"[]", b"1", b"null", b'"x"'])
def test_json_that_is_no_object_is_refused_with_422(body: bytes) -> None:
    assert refusal(body).status == 422


@pytest.mark.parametrize("value", ["1", True, None, "NaN"])
def test_an_outcome_value_must_be_a_number(value: object) -> None:
    body = json.dumps({"decision_id": "d", "components": {"resolved": value}}).encode()
    with pytest.raises(RequestError, match="components"):
        decode(body, OutcomeRequest)
