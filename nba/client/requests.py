"""What is asked of a server, and its JSON."""

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field

from nba.errors import InputError

Value = float | str | bool | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """An action that could be taken, with its features by name (all but its kind)."""

    id: str
    kind: str
    features: Mapping[str, Value] = field(default_factory=dict)
    unavailable: str | None = None  # why it cannot be taken now


@dataclass(frozen=True, slots=True)
class Request:
    """What is known of a customer and the moment, and what could be done.

    >>> Request("customer-1", {"hour": 9.5}, (Candidate("queue", "queue"),)).consent
    True
    """

    customer: str
    context: Mapping[str, Value]
    actions: Iterable[Candidate]
    consent: bool = True  # False asks for a decision without personalisation
    decision_id: str | None = None  # the client makes one, so that a retry is safe
    dry_run: bool = False  # decide, but remember nothing
    use_case: str = "default"  # which of the server's policies decides
    baseline: str | None = None  # the action that the caller would take itself
    deferred: bool = False  # it may never be shown: `Client.activate` tells that it was

    def to_json(self) -> dict[str, object]:
        """The request as the server reads it."""
        plain: dict[str, object] = {
            "customer": {"id": self.customer, "consent": self.consent},
            "context": dict(self.context),
            "actions": [_without_none(asdict(action)) for action in self.actions],
        }
        if self.decision_id is not None:
            plain["decision_id"] = self.decision_id
        for name, asked in (("dry_run", self.dry_run), ("deferred", self.deferred)):
            if asked:
                plain[name] = True
        if self.use_case != "default":
            plain["use_case"] = self.use_case
        if self.baseline is not None:
            plain["baseline"] = self.baseline
        return plain


def with_id(request: Request | Mapping[str, object]) -> dict[str, object]:
    """The request as JSON values, with a decision id of its own if it has none."""
    plain = request.to_json() if isinstance(request, Request) else dict(request)
    if plain.get("decision_id") is None:
        plain["decision_id"] = uuid.uuid4().hex
    return plain


def encoded(value: object) -> bytes:
    """The JSON text; raises InputError for what JSON cannot say, such as NaN."""
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:
        raise InputError(
            f"the request is not JSON: {error}; use finite numbers, texts, true, false and None"
        ) from error


def _without_none(values: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}
