"""The quick way of reading a request and the general one give the same rows and refusals."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from nba.errors import RequestError
from nba.listen.contact_features import CONTACT_CENTRE
from serving.path.asked import Asked, Reader
from serving.schema import DecisionRequest, decode
from tests.serving.live_server import EXAMPLE, example

READER = Reader(CONTACT_CENTRE)
Change = Callable[[dict[str, Any]], object]


def body_with(change: Change) -> bytes:
    request = example()
    change(request)
    return json.dumps(request).encode()


def general(body: bytes) -> Asked:
    return READER.encoded(decode(body, DecisionRequest), body, max_actions=500)


def test_both_ways_give_the_same() -> None:
    quick, slow = READER.read(EXAMPLE, max_actions=500), general(EXAMPLE)
    assert not isinstance(quick.head, DecisionRequest)  # it was the quick way
    assert (quick.context == slow.context).all()
    assert (quick.actions == slow.actions).all()
    assert (quick.ids, quick.kinds, quick.unavailable) == (slow.ids, slow.kinds, slow.unavailable)
    assert quick.head.customer == slow.head.customer
    assert quick.head.decision_id == slow.head.decision_id


def test_a_truth_value_is_still_a_number() -> None:
    body = body_with(lambda r: r["actions"][3]["features"].update(language_match=True))
    assert (READER.read(body, max_actions=500).actions == general(body).actions).all()


def test_nothing_is_read_of_an_opted_out_customers_context() -> None:
    for context in ({}, {"hour": "never"}, example()["context"]):

        def opt_out(request: dict[str, Any], context: dict[str, Any] = context) -> None:
            request["customer"]["consent"] = False
            request["context"] = context

        assert not READER.read(body_with(opt_out), max_actions=500).context.any()


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r["context"].update(hour=25),
        lambda r: r["context"].update(mood=1),
        lambda r: r["actions"][3]["features"].pop("backlog"),
        lambda r: r["actions"][3].update(kind="robot"),
        lambda r: r["actions"][2].update(id="queue"),
        lambda r: r.pop("customer"),
    ],
)
def test_refusals_are_the_general_ones(change: Change) -> None:
    body = body_with(change)
    with pytest.raises(RequestError) as quick:
        READER.read(body, max_actions=500)
    with pytest.raises(RequestError) as slow:
        general(body)
    assert str(quick.value) == str(slow.value)
    assert quick.value.field == slow.value.field


def test_more_candidates_than_allowed_are_refused_with_both_numbers() -> None:
    with pytest.raises(RequestError, match="9 candidates were sent; 8 are scored"):
        READER.read(EXAMPLE, max_actions=8)
