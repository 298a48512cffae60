"""What a request asks, ready to be decided: its head and its features as encoded float32 rows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal, Protocol

import msgspec
import numpy as np
from msgspec import Struct

from nba.errors import InputError, RequestError
from nba.listen.encode import FeatureSpec
from nba.types import Floats32
from serving.path.rows import ActionRows, ContextRow, values_type
from serving.schema import Candidate, Customer, DecisionRequest, decode

_UNKNOWN: Final = re.compile(
    r"(?P<where>\S+) has an unknown feature '(?P<name>[^']*)'.*", re.DOTALL
)
_WRONG: Final = re.compile(r"(?P<field>\S+) is .*", re.DOTALL)


class Head(Protocol):
    """What a request says beside its features: a DecisionRequest, or one read by a spec's types."""

    @property
    def customer(self) -> Customer: ...
    @property
    def decision_id(self) -> str | None: ...
    @property
    def dry_run(self) -> bool: ...
    @property
    def deferred(self) -> bool: ...
    @property
    def use_case(self) -> str: ...
    @property
    def baseline(self) -> str | None: ...
    @property
    def roster(self) -> bool: ...
    @property
    def levers(self) -> Mapping[str, float]: ...
    @property
    def expected(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, encoded by the spec it is to be decided with."""

    head: Head
    body: bytes  # as received
    context: Floats32  # (d,), zeros for a customer who opted out
    ids: list[str]  # all candidates
    kinds: list[str]
    actions: Floats32  # (k, p)
    unavailable: Mapping[str, str]  # id → the caller's own reason
    reader: "Reader"  # what it was read by

    def by(self, reader: "Reader") -> "Asked":
        """The same request as another spec's reader reads it."""
        if reader is self.reader:
            return self
        most = len(self.ids)
        if isinstance(self.head, DecisionRequest):
            return reader.encoded(self.head, self.body, max_actions=most)
        return reader.read(self.body, max_actions=most)


class Reader:
    """Reads requests for one feature spec."""

    def __init__(self, spec: FeatureSpec) -> None:
        self.spec = spec
        self._context = ContextRow(spec.context)
        self._rows = ActionRows(spec)
        self._nobody: Floats32 = np.zeros((0, len(spec.action_names)), dtype=np.float32)
        self._decoder = msgspec.json.Decoder(_request_type(spec))

    def read(self, body: bytes, *, max_actions: int) -> Asked:
        """The request in a body; raises RequestError naming the field that is wrong."""
        try:
            request: Any = self._decoder.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            # The general types find the fault and tell it; or there is none, as in an opt-out,
            # whose context may be empty.
            return self.encoded(decode(body, DecisionRequest), body, max_actions=max_actions)
        candidates = request.actions
        check_size(len(candidates), max_actions)
        ids = [candidate.id for candidate in candidates]
        kinds = [candidate.kind for candidate in candidates]
        check_ids(ids)
        unavailable = {c.id: c.unavailable for c in candidates if c.unavailable is not None}
        rows = self._nobody
        if candidates:
            rows = self._rows(kinds, [candidate.features for candidate in candidates])
        if request.customer.consent:
            context = self._context(request.context)
        else:
            context = np.zeros(len(self.spec.context_names), dtype=np.float32)
        return Asked(request, body, context, ids, kinds, rows, unavailable, self)

    def encoded(self, request: DecisionRequest, body: bytes, *, max_actions: int) -> Asked:
        """The same for a request that is read already."""
        spec = self.spec
        check_size(len(request.actions), max_actions)
        ids = [candidate.id for candidate in request.actions]
        check_ids(ids)
        context = np.zeros(len(spec.context_names))
        if request.customer.consent:  # without it nothing is read
            try:
                context = spec.encode_context(request.context, where="context")
            except InputError as error:
                raise _refusal("context", error) from error
        rows = [
            _action_row(candidate, spec, f"actions[{place}]")
            for place, candidate in enumerate(request.actions)
        ]
        return Asked(
            request,
            body,
            context.astype(np.float32),
            ids,
            [candidate.kind for candidate in request.actions],
            np.array(rows, dtype=np.float32).reshape(len(rows), len(spec.action_names)),
            {c.id: c.unavailable for c in request.actions if c.unavailable is not None},
            self,
        )


@lru_cache(maxsize=64)
def reader_of(spec: FeatureSpec) -> Reader:
    """The reader of a spec: one for all policies that share it."""
    return Reader(spec)


def _request_type(spec: FeatureSpec) -> type[Struct]:
    """DecisionRequest with the spec's features instead of any: other fields are the same."""
    actions = [feature for feature in spec.action if feature.name != "kind"]
    kinds = next(feature.levels for feature in spec.action if feature.name == "kind")
    candidate = _with(
        Candidate, {"kind": Literal[kinds], "features": values_type("Features", actions)}
    )
    context = values_type("Context", spec.context)
    return _with(DecisionRequest, {"context": context, "actions": list[candidate]})  # type: ignore[valid-type]  # made


def _with(kind: type[Struct], types: Mapping[str, Any]) -> type[Struct]:
    """The same struct with other types of some fields, which must then be given."""
    members: list[Any] = []
    for field in msgspec.structs.fields(kind):
        if field.name in types:
            members.append((field.name, types[field.name]))
        elif field.default_factory is not msgspec.NODEFAULT:
            made = msgspec.field(default_factory=field.default_factory)
            members.append((field.name, field.type, made))
        elif field.default is not msgspec.NODEFAULT:
            members.append((field.name, field.type, field.default))
        else:
            members.append((field.name, field.type))
    return msgspec.defstruct(
        kind.__name__, members, frozen=True, forbid_unknown_fields=True, kw_only=True, gc=False
    )


def check_size(number: int, most: int) -> None:
    """Refuse a request with more candidates than this server scores."""
    if number > most:
        message = f"{number} candidates were sent; {most} are scored at most"
        raise RequestError(422, "actions", message, "send the best of them")


def check_ids(ids: list[str]) -> None:
    """Refuse a request that names an action twice."""
    if len(set(ids)) == len(ids):
        return
    place = next(i for i, name in enumerate(ids) if name in ids[:i])
    message = f"action id {ids[place]!r} stands twice"
    raise RequestError(422, f"actions[{place}].id", message, "give each action its own id")


def _action_row(candidate: Candidate, spec: FeatureSpec, where: str) -> np.ndarray[Any, Any]:
    if "kind" in candidate.features:
        message = "the kind of an action is a field of its own"
        raise RequestError(422, f"{where}.features.kind", message, "give it once, beside the id")
    values = {"kind": candidate.kind, **candidate.features}
    try:
        return spec.encode_action(values, where=f"{where}.features")
    except InputError as error:
        raise _refusal(f"{where}.features", error) from error


def _refusal(where: str, error: InputError) -> RequestError:
    """The refusal of an encoding error, whose message begins with the place it is about."""
    text = str(error)
    unknown = _UNKNOWN.fullmatch(text)
    if unknown is not None:
        return RequestError(422, f"{where}.{unknown['name']}", text)
    wrong = _WRONG.fullmatch(text)
    return RequestError(422, where if wrong is None else wrong["field"], text)
