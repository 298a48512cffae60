"""The ASGI app: routes, limits on what is read, and errors as JSON with a field and a remedy."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final
from urllib.parse import parse_qsl

from nba.errors import JournalError, RequestError
from serving.api.decide import decide
from serving.call import JSON, Answer, Call, Route
from serving.http.docs import docs
from serving.http.gate import Gate
from serving.http.incoming import Incoming, Message, Receive, closes
from serving.http.keys import Keys
from serving.http.openapi import openapi
from serving.http.routes import ROUTES
from serving.schema import ErrorReply, ErrorText
from serving.server import Server

Send = Callable[[Message], Awaitable[None]]

_JSON: Final = b"application/json"
RETRY: Final = (429, 503)


async def described(_server: Server, _call: Call) -> bytes:
    """GET /openapi.json: the description of all routes."""
    return JSON.encode(openapi())


OWN: Final = (
    Route("GET", "/openapi.json", described, "This description", "open"),
    Route("GET", "/docs", docs, "The same, to read and to try", "open"),
)


class App:
    """Serves one `Server` over HTTP; state lives there."""

    def __init__(self, server: Server, keys: Keys | None = None) -> None:
        self.server = server
        self.gate = Gate(server, keys or Keys())
        settings = server.settings
        limits = {route.limit for route in ROUTES}
        self.limit = settings.max_body_bytes  # of a decision's body
        self._limits: dict[str, int] = {limit: getattr(settings, limit) for limit in limits}
        self._told = -1.0  # when a refusal was last told in the log
        self._seconds = {
            route.path: server.metrics.histogram("nba_request_seconds", "path", route.path)
            for route in (*ROUTES, *OWN)
        }
        self.decide_route = next(route for route in ROUTES if route.handle is decide)
        self.decide_seconds = self._seconds[self.decide_route.path]
        self._exact: dict[str, dict[str, Route]] = {}  # path → method → route
        self._with_id: list[tuple[str, str, dict[str, Route]]] = []  # before and behind {id}
        for path, routes in by_path((*ROUTES, *OWN)).items():
            before, found, behind = path.partition("{id}")
            if found:
                self._with_id.append((before, behind, routes))
            else:
                self._exact[path] = routes

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One HTTP request."""
        assert scope["type"] == "http", "run the server with its lifespan protocol off"
        task = asyncio.current_task()
        assert task is not None
        running = self.server.running
        running[task] = time.perf_counter()
        incoming = Incoming(receive)
        try:
            found = await self._answer(scope, incoming)
        except asyncio.CancelledError:
            if not self.gate.is_overdue(task):
                raise
            route = self._routes_of(scope["path"])[0].get(scope["method"])
            found = self.refusal(self.gate.overdue_error(), route, path=scope["path"])
        finally:
            del running[task]
        if isinstance(found, bytes):
            found = Answer(found)
        elif found.status >= 400 and closes(scope):
            await incoming.pass_over()
        headers = [
            (b"content-type", found.content_type),
            (b"content-length", str(len(found.body)).encode()),
            *found.headers,
        ]
        if self.server.draining:
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": found.status, "headers": headers})
        await send({"type": "http.response.body", "body": found.body})

    async def _answer(self, scope: Message, incoming: Incoming) -> bytes | Answer:
        method, path = scope["method"], scope["path"]
        routes, found_id = self._routes_of(path)
        if not routes:
            message = f"there is nothing at {path[:128]}"
            error = RequestError(404, "path", message, "GET /openapi.json has the paths")
            return self.refusal(error, None, path="unknown")
        route = routes.get(method)
        if route is None:
            allowed = ", ".join(routes)
            message = f"{method} is not for {path[:128]}"
            error = RequestError(405, "method", message, f"use {allowed}")
            allow = (b"allow", allowed.encode())
            return self.refusal(error, None, allow, path=route_path(routes))
        headers = dict(scope["headers"])
        try:
            key = self.gate.let_in(route, headers)
            body = b"" if method == "GET" else await self._body(headers, incoming, route)
            began = time.perf_counter()
            text = scope.get("query_string", b"")
            query = dict(parse_qsl(text.decode("latin-1"))) if text else {}
            call = Call(body, found_id, query, headers, key)
            answer = await route.handle(self.server, call)
            self._seconds[route.path].observe(time.perf_counter() - began)
        except RequestError as error:
            return self.refusal(error, route)
        except JournalError as error:
            return self.refusal(self.not_remembered(error), route)
        return answer

    def not_remembered(self, error: JournalError) -> RequestError:
        """What the caller of a request is told that could not be remembered."""
        return RequestError(503, "journal", str(error), "retry with the same decision_id")

    def refusal(
        self,
        error: RequestError,
        route: Route | None,
        *headers: tuple[bytes, bytes],
        path: str = "",
    ) -> Answer:
        """The refusal, counted; the first of a second is told in the log, without what was sent."""
        status = str(error.status)
        self.server.metrics.cell("nba_refusals_total", "status", status, "field", _top(error)).add()
        now = time.monotonic()
        if now - self._told > 1.0:
            self._told = now
            where = path if route is None else route.path
            self.server.log.tell("refused", status=status, field=_top(error), path=where)
        if error.status in RETRY:
            headers = (*headers, (b"retry-after", b"1"))
        if error.status == 401:
            headers = (*headers, (b"www-authenticate", b"Bearer"))
        if route is not None and route.told is not None:
            code, body = route.told(error)
            return Answer(body, code, _JSON, headers)
        return refused(error, *headers)

    def _routes_of(self, path: str) -> tuple[dict[str, Route], str]:
        """The routes of a path by method, and what stands for {id} in it."""
        exact = self._exact.get(path)
        if exact is not None:
            return exact, ""
        for before, behind, routes in self._with_id:
            if path.startswith(before) and path.endswith(behind):
                inner = path[len(before) : len(path) - len(behind)]
                if inner and "/" not in inner:
                    return routes, inner
        return {}, ""

    async def _body(
        self, headers: Mapping[bytes, bytes], incoming: Incoming, route: Route
    ) -> bytes:
        """The request's body; refused as soon as it is longer than the limit."""
        limit = self._limits[route.limit]
        declared = headers.get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > limit:
            raise _too_long(limit)
        parts: list[bytes] = []
        length = 0
        while not incoming.ended:
            part = await incoming.part()
            length += len(part)
            if length > limit:
                raise _too_long(limit)
            parts.append(part)
        return b"".join(parts)


def _too_long(limit: int) -> RequestError:
    message = f"longer than the limit of {limit} bytes"
    return RequestError(413, "body", message, "send fewer candidates")


def _top(error: RequestError) -> str:
    """The field without what the caller named: names of theirs would make endless labels."""
    return re.split(r"[.\[]", error.field, maxsplit=1)[0]


def route_path(routes: Mapping[str, Route]) -> str:
    """The path of the table that these routes stand for."""
    return next(iter(routes.values())).path


def by_path(routes: Iterable[Route]) -> dict[str, dict[str, Route]]:
    """Path → method → route."""
    found: dict[str, dict[str, Route]] = {}
    for route in routes:
        found.setdefault(route.path, {})[route.method] = route
    return found


def refused(error: RequestError, *headers: tuple[bytes, bytes]) -> Answer:
    """The answer that names the field and the remedy."""
    reply = ErrorReply(ErrorText(error.field, error.message, error.remedy))
    return Answer(JSON.encode(reply), error.status, _JSON, headers)
