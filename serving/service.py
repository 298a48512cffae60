"""What the server does, without HTTP: decide, take outcomes, trace a decision, tell its state."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

import msgspec

from nba.errors import JournalError, RequestError
from serving.card import card_json
from serving.decision import make_decision
from serving.index import Entry, Index
from serving.journal import Journal
from serving.policy_store import PolicyStore
from serving.records import (
    DecisionRecord,
    OutcomeRecord,
    decode_record,
    encode_record,
    reply_of,
)
from serving.schema import (
    DecisionRequest,
    DecisionTrace,
    OutcomeKnown,
    OutcomeReply,
    OutcomeRequest,
    decode,
)
from serving.settings import Settings

JSON: Final = msgspec.json.Encoder()


@dataclass(slots=True)
class Counts:
    """What this process has done since it started."""

    decisions: int = 0
    dry_runs: int = 0
    fallbacks: int = 0  # the policy failed and the safe rule answered
    opt_outs: int = 0
    outcomes: int = 0  # components recorded


class Service:
    """The counter's clerk; every method returns the JSON of an answer or raises an NbaError."""

    def __init__(
        self,
        store: PolicyStore,
        journal: Journal,
        settings: Settings,
        *,
        clock: Callable[[], float],  # seconds since the epoch
        new_id: Callable[[], str],
    ) -> None:
        self.counts = Counts()
        self.last_fallback = ""
        self._store = store
        self._journal = journal
        self._settings = settings
        self._clock = clock
        self._new_id = new_id
        self._index = Index()
        self._index.rebuild(journal.recovered())

    async def decide(self, body: bytes) -> bytes:
        """POST /v1/decisions: answered when the record is durable."""
        request = decode(body, DecisionRequest)
        check_size(request, self._settings.max_actions)
        decision_id = request.decision_id or self._new_id()
        entry = None if request.dry_run else self._index.get(decision_id)
        if entry is not None:
            return await self._again(entry, request, body)
        record = make_decision(
            request, body, self._store.current, decision_id=decision_id, now=self._clock()
        )
        if request.dry_run:
            self.counts.dry_runs += 1
            return JSON.encode(reply_of(record))
        write = self._journal.append(encode_record(record))
        self._index.add_decision(decision_id, write)
        answer = JSON.encode(reply_of(record))
        await asyncio.shield(write)
        self._count(record)
        return answer

    async def outcome(self, body: bytes) -> bytes:
        """POST /v1/outcomes: answered when the new components are durable."""
        request = decode(body, OutcomeRequest)
        known = self._store.current.loaded.card.objective.weights
        for name in request.components:
            if name not in known:
                message = f"outcome component {name!r} is unknown"
                remedy = f"use {', '.join(known)}"
                raise RequestError(422, f"components.{name}", message, remedy)
        entry = self._entry(request.decision_id)
        new = {n: v for n, v in request.components.items() if n not in entry.outcomes}
        for name, value in request.components.items():
            if name not in new and entry.outcomes[name][0] != value:
                message = f"{name} is already known as {entry.outcomes[name][0]:g}"
                remedy = "what came back for a decision is recorded once"
                raise RequestError(409, f"components.{name}", message, remedy)
        if new:
            now = self._clock()
            at = now if request.at is None else request.at
            record = OutcomeRecord(request.decision_id, at, now, new)
            write = self._journal.append(encode_record(record))
            self._index.add_outcome(entry, record, write)
        await entry.settled()
        self.counts.outcomes += len(new)
        already = [name for name in request.components if name not in new]
        return JSON.encode(OutcomeReply(request.decision_id, list(new), already))

    async def trace(self, decision_id: str) -> bytes:
        """GET /v1/decisions/{id}: the record and what came back."""
        entry = self._entry(decision_id)
        record = await self._record(entry)
        outcomes = [OutcomeKnown(name, *found) for name, found in entry.outcomes.items()]
        trace = DecisionTrace(
            at=record.at,
            training=record.training,
            spec_version=record.spec_version,
            fallback_reason=record.fallback_reason,
            request=msgspec.Raw(record.request),
            reply=reply_of(record),
            outcomes=outcomes,
        )
        return JSON.encode(trace)

    def ready(self) -> bytes:
        """GET /readyz; raises JournalError if nothing can be promised any more."""
        if self._journal.broken:
            raise JournalError(self._journal.broken)
        loaded = self._store.current.loaded
        return JSON.encode(
            {
                "status": "ready",
                "policy": loaded.policy.name,
                "policy_version": loaded.policy.version,
                "spec_version": loaded.card.spec.version,
                "durability": self._journal.durability,
                "journal_notes": self._journal.notes,
                "decisions_known": len(self._index),
                "last_fallback": self.last_fallback,
                **asdict(self.counts),
            }
        )

    def policies(self) -> bytes:
        """GET /v1/policies: what is served, with its card."""
        served = card_json(self._store.current.loaded) | {"file": str(self._store.path)}
        return JSON.encode({"active": served["version"], "policies": [served]})

    async def _again(self, entry: Entry, request: DecisionRequest, body: bytes) -> bytes:
        """The answer that a known id got the first time; refused if the request is another one."""
        record = await self._record(entry)
        if record.request != body and decode(record.request, DecisionRequest) != request:
            message = f"decision {record.decision_id!r} was made for another request"
            raise RequestError(409, "decision_id", message, "use a new id for a new decision")
        return JSON.encode(reply_of(record))

    async def _record(self, entry: Entry) -> DecisionRecord:
        record = decode_record(self._journal.read(await entry.settled()))
        assert isinstance(record, DecisionRecord)
        return record

    def _entry(self, decision_id: str) -> Entry:
        entry = self._index.get(decision_id)
        if entry is None:
            message = f"decision {decision_id[:128]!r} is unknown here"
            remedy = "send the decision_id that POST /v1/decisions answered to this server"
            raise RequestError(404, "decision_id", message, remedy)
        return entry

    def _count(self, record: DecisionRecord) -> None:
        self.counts.decisions += 1
        self.counts.opt_outs += not record.training
        if record.fallback_reason:
            self.counts.fallbacks += 1
            self.last_fallback = record.fallback_reason


def check_size(request: DecisionRequest, max_actions: int) -> None:
    """Refuse a request with more candidates than this server scores."""
    if len(request.actions) > max_actions:
        message = f"{len(request.actions)} candidates were sent; {max_actions} are scored at most"
        raise RequestError(422, "actions", message, "send the best of them")
