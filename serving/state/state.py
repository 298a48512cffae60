"""What the server knows of employees and customers, kept up to date from the journals."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from serving.journal.journal import Journal
from serving.journal.records import EmployeeRecord, EventRecord, decode_record, encode_record
from serving.path.asked import Asked, Reader, check_ids, check_size
from serving.schema import DecisionRequest, Value, decode
from serving.state.customers import Customers
from serving.state.forgotten import Forgotten
from serving.state.roster import Roster
from serving.state.shared import Shared

_TOLD_AGAIN_S: Final = 300.0


class State:
    """Roster and profiles of one worker: the same in all, as each reads all journals."""

    def __init__(
        self,
        journal: Journal,
        *,
        folder: Path,
        most_profiles: int,
        now: float,
        shared: Shared | None = None,
    ) -> None:
        self._journal = journal
        self.roster = Roster()
        self.customers = Customers(most_profiles)
        self.forgotten = Forgotten(folder, self.customers)
        self.shared = shared
        for payload in journal.new_facts():
            at = self._note(payload)
            if shared is not None and at > now - _TOLD_AGAIN_S:
                shared.tell(payload)  # the end may have come before it was told

    async def learn(self, record: EmployeeRecord | EventRecord) -> None:
        """Remember a fact: done when it is durable; the next decision knows it.

        Raises JournalError if it cannot be written.
        """
        payload = encode_record(record)
        await self._journal.append(payload)
        if self.shared is not None:
            self.shared.tell(payload)

    def catch_up(self) -> None:
        """Take in what any worker or machine has been told since; cheap if that is nothing."""
        for payload in self._journal.new_facts():
            self._note(payload)
        if self.shared is not None:
            for payload in self.shared.news():
                self._note(payload)

    def close(self) -> None:
        """Part from the other machines."""
        if self.shared is not None:
            self.shared.close()

    def _note(self, payload: bytes) -> float:
        """Take in a fact; when it was told."""
        record = decode_record(payload)
        if isinstance(record, EmployeeRecord):
            self.roster.note(record)
            return record.at
        if isinstance(record, EventRecord):
            self.customers.note(record)
            return record.at
        return 0.0

    def completed(self, asked: Asked, *, now: float, most: int) -> Asked:
        """The request with what is known of its customer, and with the roster if it asks for it."""
        profile = self.customers.get(asked.head.customer.id)
        if profile is not None and asked.head.customer.consent:
            if not profile.consent:
                asked = _without_consent(asked)
            else:
                asked = _filled(asked, profile.features(now))
        if asked.head.roster:
            asked = self._with_roster(asked, now, most)
        return asked

    def read(self, body: bytes, reader: Reader, *, now: float, most: int) -> Asked:
        """A request that lacks features which the customer's profile has.

        Raises RequestError for one that is wrong beyond that.
        """
        request = decode(body, DecisionRequest)
        profile = self.customers.get(request.customer.id)
        if profile is not None and profile.consent and request.customer.consent:
            known = {feature.name for feature in reader.spec.context}
            told = {k: v for k, v in profile.features(now).items() if k in known}
            request = msgspec.structs.replace(request, context={**told, **request.context})
        return reader.encoded(request, body, max_actions=most)

    def _with_roster(self, asked: Asked, now: float, most: int) -> Asked:
        offered = self.roster.offered(asked.reader.spec, asked.context, now)
        ids = [*asked.ids, *offered.ids]
        check_size(len(ids), most)
        check_ids(ids)
        return replace(
            asked,
            ids=ids,
            kinds=[*asked.kinds, *["employee"] * len(offered.ids)],
            actions=np.concatenate([asked.actions, offered.rows]),
            unavailable={**asked.unavailable, **offered.unavailable},
        )


def _filled(asked: Asked, told: Mapping[str, Value]) -> Asked:
    """The request with optional features that it left out."""
    spec = asked.reader.spec
    missing = {
        feature.name: spec.context_column(feature.columns[1])
        for feature in spec.context
        if feature.default is not None and feature.name in told
    }
    fill = {name: column for name, column in missing.items() if asked.context[column]}
    if not fill:
        return asked
    context = asked.context.copy()
    for name, column in fill.items():
        context[column - 1], context[column] = told[name], 0.0
    return replace(asked, context=context)


def _without_consent(asked: Asked) -> Asked:
    """The request of a customer who withdrew: nothing personal is read."""
    customer = msgspec.structs.replace(asked.head.customer, consent=False)
    head = msgspec.structs.replace(asked.head, customer=customer)  # type: ignore[type-var]  # a struct
    return replace(asked, head=head, context=np.zeros_like(asked.context))
