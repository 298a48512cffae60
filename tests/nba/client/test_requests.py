"""Requests become the JSON that the server reads, each with an id."""

import math

import pytest

from nba.client.requests import Candidate, Request, encoded, with_id
from nba.errors import InputError
from serving.schema import DecisionRequest, decode

ASKED = Request(
    "c-1",
    {"hour": 9.5, "channel": "voice"},
    (Candidate("q", "queue"), Candidate("e", "employee", {"idle_s": 3}, "at lunch")),
    consent=False,
    decision_id="d-1",
    dry_run=True,
    use_case="chat",
    baseline="q",
)


def test_the_server_reads_what_was_meant() -> None:
    found = decode(encoded(with_id(ASKED)), DecisionRequest)
    assert (found.customer.id, found.customer.consent) == ("c-1", False)
    assert (found.decision_id, found.dry_run) == ("d-1", True)
    assert (found.use_case, found.baseline) == ("chat", "q")
    assert found.context == ASKED.context
    assert [(a.id, a.kind, a.features, a.unavailable) for a in found.actions] == [
        ("q", "queue", {}, None),
        ("e", "employee", {"idle_s": 3}, "at lunch"),
    ]


def test_every_request_without_an_id_gets_one_of_its_own() -> None:
    asked = {"customer": {"id": "c"}}
    ids = {str(with_id(asked)["decision_id"]) for _ in range(100)}
    assert len(ids) == 100
    assert "decision_id" not in asked


def test_a_number_that_json_cannot_say_is_refused_here() -> None:
    with pytest.raises(InputError, match="use finite numbers"):
        encoded({"hour": math.nan})
