"""A client of the server: one method for each thing that it does.

Every decision gets its id here, before it is sent, so a retry after a lost answer finds the
decision that was made and never makes a second one.
"""

import ssl
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Literal, Self
from urllib.parse import quote, urlencode

from nba.client.connection import Connections
from nba.client.replies import (
    DecisionReply,
    DecisionTrace,
    EventReply,
    OutcomeReply,
    OverrideReply,
    PlanReply,
    PoliciesReply,
    ReadyReply,
    read,
    read_row,
)
from nba.client.requests import Request, encoded, with_id
from nba.errors import RequestError


class Client:
    """Asks one server; threads may share it, and its connections stay open until `close`."""

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        timeout_s: float = 2.0,
        retries: int = 3,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`key` is an API key; `timeout_s` holds for each try, `tls` replaces the system's trust.

        Raises InputError for a url or a number that cannot be used; nothing is sent yet.
        """
        self._connections = Connections(url, key=key, timeout_s=timeout_s, retries=retries, tls=tls)

    def decide(self, request: Request | Mapping[str, object]) -> DecisionReply:
        """What to do; a mapping is sent as the JSON that it is.

        Raises RequestError naming the field of a request that is refused, UnavailableError.
        """
        body = encoded(with_id(request))
        return read(DecisionReply, self._connections.ask("POST", "/v1/decisions", body))

    def decide_batch(
        self, requests: Sequence[Request | Mapping[str, object]]
    ) -> list[DecisionReply | RequestError]:
        """Many decisions by one call, in the order of the requests.

        One that is refused by itself has its error in its place. Raises RequestError naming the
        row if one cannot be read: then none is decided.
        """
        lines = b"\n".join(encoded(with_id(request)) for request in requests)
        path, kind = "/v1/decisions:batch", "application/x-ndjson"
        answer = self._connections.ask("POST", path, lines, kind=kind)
        return [read_row(DecisionReply, line) for line in answer.splitlines()]

    def outcome(
        self, decision_id: str, components: Mapping[str, float], *, at: float | None = None
    ) -> OutcomeReply:
        """Tell what came back for a decision; `at` in seconds since the epoch, now if absent."""
        told: dict[str, object] = {"decision_id": decision_id, "components": dict(components)}
        if at is not None:
            told["at"] = at
        return read(OutcomeReply, self._connections.ask("POST", "/v1/outcomes", encoded(told)))

    def trace(self, decision_id: str) -> DecisionTrace:
        """A decision as the journal holds it; raises UnknownIdError for one that is not there."""
        path = f"/v1/decisions/{quote(decision_id, safe='')}"
        return read(DecisionTrace, self._connections.ask("GET", path))

    def activate(self, decision_id: str) -> None:
        """Tell that a deferred decision was shown, so that it is learned from."""
        self._connections.ask("POST", f"/v1/decisions/{quote(decision_id, safe='')}/activate")

    def override(
        self,
        decision_id: str,
        action: str,
        *,
        by: str,
        role: Literal["employee", "supervisor"] = "employee",
        reason: str = "",
    ) -> OverrideReply:
        """Tell what a person did instead of a decision; no learner takes it for the policy's."""
        path = f"/v1/decisions/{quote(decision_id, safe='')}/override"
        body = encoded({"action": action, "by": by, "role": role, "reason": reason})
        return read(OverrideReply, self._connections.ask("POST", path, body))

    def event(self, event: Mapping[str, object]) -> EventReply:
        """Tell what happened to a customer: a CloudEvent, safe to send again."""
        return read(EventReply, self._connections.ask("POST", "/v1/events", encoded(event)))

    def put_employee(self, name: str, facts: Mapping[str, object]) -> None:
        """Put an employee on the roster, or tell anew how they stand; see `EmployeeRequest`."""
        path = f"/v1/employees/{quote(name, safe='')}"
        self._connections.ask("PUT", path, encoded(facts))

    def remove_employee(self, name: str) -> None:
        """Take an employee off the roster; raises UnknownIdError for one who is not on it."""
        self._connections.ask("DELETE", f"/v1/employees/{quote(name, safe='')}")

    def ready(self) -> ReadyReply:
        """What is served, and how much was done; raises UnavailableError if it is not ready."""
        return read(ReadyReply, self._connections.ask("GET", "/readyz"))

    def policies(self) -> PoliciesReply:
        """The plan of all use cases, and the cards of its policies."""
        return read(PoliciesReply, self._connections.ask("GET", "/v1/policies"))

    def promote(
        self,
        policy: str | bytes,
        *,
        use_case: str = "default",
        role: str = "active",
        share: float = 0.0,
    ) -> PlanReply:
        """Give a policy its role (active, canary or shadow) in every worker.

        `policy` is the version of one in the store, or the bytes of a policy file to send there.
        """
        asked: dict[str, object] = {"use_case": use_case, "role": role, "share": share}
        path = "/v1/policies:promote"
        if isinstance(policy, bytes):
            path += "?" + urlencode(asked)
            kind = "application/octet-stream"
            return read(PlanReply, self._connections.ask("POST", path, policy, kind=kind))
        body = encoded(asked | {"version": policy})
        return read(PlanReply, self._connections.ask("POST", path, body))

    def rollback(self, *, use_case: str = "default") -> PlanReply:
        """The version before the active one is active again; sent once, for twice is two back."""
        body = encoded({"use_case": use_case})
        path = "/v1/policies:rollback"
        return read(PlanReply, self._connections.ask("POST", path, body, again=False))

    def mode(
        self,
        mode: str | None = None,
        *,
        use_case: str = "default",
        holdout: float | None = None,
        canary_share: float | None = None,
        shadows: Sequence[str] | None = None,
    ) -> PlanReply:
        """Change how a use case is run; what is None stays as it is."""
        asked: dict[str, object] = {
            "mode": mode,
            "holdout": holdout,
            "canary_share": canary_share,
            "shadows": None if shadows is None else list(shadows),
        }
        given = {name: value for name, value in asked.items() if value is not None}
        body = encoded({"use_case": use_case} | given)
        return read(PlanReply, self._connections.ask("POST", "/v1/policies:mode", body))

    def close(self) -> None:
        """Close the connections; the client opens new ones if it is used again."""
        self._connections.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.close()
