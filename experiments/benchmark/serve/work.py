"""The server's own work on one request, without HTTP and without a journal: bytes in, bytes out."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from serving.journal.records import DecisionRecord, reply_of
from serving.path.asked import Asked
from serving.path.decision import decide_asked, make_decision
from serving.policies.served import Served
from serving.policies.store import PolicyStore
from serving.schema import DecisionRequest
from serving.settings import Settings

_JSON: Final = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Work:
    """The steps of a decision, with the policy of a file."""

    served: Served
    max_actions: int

    def read(self, body: bytes) -> Asked:
        """The request of a body, its features encoded."""
        return self.served.parts.reader.read(body, max_actions=self.max_actions)

    def decide(self, asked: Asked) -> DecisionRecord:
        """Scored, drawn and explained, under an id of its own."""
        now, new_id = time.time(), secrets.token_hex(12)
        return decide_asked(asked, self.served, decision_id=new_id, now=now)

    def answer(self, body: bytes) -> bytes:
        """From a request's bytes to the answer's, in the server's own way."""
        usual = self.served.usual
        if usual is not None and usual.reader.read(body, self.max_actions):
            made = usual.decision.decide(secrets.token_hex(12), time.time())
            if made is not None:
                return made.answer
        return self.long_way(body)

    def long_way(self, body: bytes) -> bytes:
        """The same by the steps of `serving.path.decision`."""
        return _JSON.encode(reply_of(self.decide(self.read(body))))


def work_with(policy: Path) -> Work:
    """The work with the policy of a file."""
    settings = Settings()
    store = PolicyStore(policy, occupancy_cap=settings.occupancy_cap)
    return Work(store.current, settings.max_actions)


def decider(policy: Path) -> Callable[[DecisionRequest, bytes], DecisionRecord]:
    """What makes a decision of a request that another framework has read."""
    served = work_with(policy).served

    def decide(request: DecisionRequest, body: bytes) -> DecisionRecord:
        now, new_id = time.time(), secrets.token_hex(12)
        return make_decision(request, body, served, decision_id=new_id, now=now)

    return decide
