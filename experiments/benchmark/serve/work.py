"""The server's own work on one request, without HTTP and without a journal: bytes in, bytes out."""

import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from serving.journal.records import DecisionRecord, reply_of
from serving.path.decision import make_decision
from serving.policies.store import PolicyStore
from serving.schema import DecisionRequest, decode
from serving.settings import Settings

_JSON: Final = msgspec.json.Encoder()


def decider(policy: Path) -> Callable[[DecisionRequest, bytes], DecisionRecord]:
    """What makes a decision with the policy of a file, under an id of its own."""
    store = PolicyStore(policy, occupancy_cap=Settings().occupancy_cap)

    def decide(request: DecisionRequest, body: bytes) -> DecisionRecord:
        now, new_id = time.time(), secrets.token_hex(12)
        return make_decision(request, body, store.current, decision_id=new_id, now=now)

    return decide


def answerer(policy: Path) -> Callable[[bytes], bytes]:
    """From a request's bytes to the answer's."""
    decide = decider(policy)

    def answer(body: bytes) -> bytes:
        return _JSON.encode(reply_of(decide(decode(body, DecisionRequest), body)))

    return answer
