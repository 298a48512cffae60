"""Replies are frozen data with checked types, and know no field that the server does not send."""

import json
from dataclasses import fields, is_dataclass
from typing import Any

import msgspec
import pytest

from nba.client import replies
from nba.errors import UnavailableError
from serving import schema, schema_policies
from serving.policies import plan

ROOMS: tuple[Any, ...] = (schema, schema_policies, plan)
SHARED = [
    (kind, getattr(room, name))
    for name, kind in vars(replies).items()
    for room in ROOMS
    if is_dataclass(kind) and hasattr(room, name)
]
OUTCOME = {"decision_id": "d", "recorded": ["resolved"], "already_known": []}


@pytest.mark.parametrize(("kind", "server"), SHARED)
def test_a_reply_has_the_fields_that_the_server_sends(
    kind: type[Any], server: type[msgspec.Struct]
) -> None:
    sent = {field.encode_name for field in msgspec.structs.fields(server)}
    assert {field.name for field in fields(kind)} <= sent


def read_outcome(**changed: object) -> replies.OutcomeReply:
    return replies.read(replies.OutcomeReply, json.dumps(OUTCOME | changed).encode())


def test_a_reply_is_read_into_tuples_and_a_new_field_is_left_out() -> None:
    found = read_outcome(of_tomorrow=1)
    assert found == replies.OutcomeReply("d", ("resolved",), ())
    with pytest.raises(AttributeError):
        found.decision_id = "other"  # type: ignore[misc]  # that it is refused is the test


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"decision_id": 1}, "reply.decision_id is 1; str is needed"),
        ({"recorded": "resolved"}, "reply.recorded is 'resolved'"),
        ({"recorded": [1]}, r"reply.recorded\[0\] is 1; str is needed"),
    ],
)
def test_a_reply_of_another_form_names_the_place(changed: dict[str, Any], told: str) -> None:
    with pytest.raises(UnavailableError, match=told):
        read_outcome(**changed)


def test_an_absent_field_and_a_page_are_told() -> None:
    with pytest.raises(UnavailableError, match=r"reply\.decision_id is 'absent'"):
        replies.read(replies.OutcomeReply, b"{}")
    with pytest.raises(UnavailableError, match="JSON is needed"):
        replies.read(replies.OutcomeReply, b"<html>")
