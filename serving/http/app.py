"""The ASGI app: routes, limits on what is read, and errors as JSON with a field and a remedy."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final
from urllib.parse import parse_qsl

from nba.errors import JournalError, RequestError
from serving.call import JSON, Answer, Call, Route
from serving.http.docs import docs
from serving.http.openapi import openapi
from serving.http.routes import ROUTES
from serving.schema import ErrorReply, ErrorText
from serving.server import Server

# The shapes that ASGI gives them: https://asgi.readthedocs.io/en/latest/specs/www.html
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_JSON: Final = b"application/json"


async def described(_server: Server, _call: Call) -> bytes:
    """GET /openapi.json: the description of all routes."""
    return JSON.encode(openapi())


OWN: Final = (
    Route("GET", "/openapi.json", described, "This description", "open"),
    Route("GET", "/docs", docs, "The same, to read and to try", "open"),
)


class App:
    """Serves one `Server` over HTTP; state lives there."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._max_body_bytes = server.settings.max_body_bytes
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
        found = await self._answer(scope, receive)
        if isinstance(found, bytes):
            found = Answer(found)
        headers = [
            (b"content-type", found.content_type),
            (b"content-length", str(len(found.body)).encode()),
            *found.headers,
        ]
        await send({"type": "http.response.start", "status": found.status, "headers": headers})
        await send({"type": "http.response.body", "body": found.body})

    async def _answer(self, scope: Message, receive: Receive) -> bytes | Answer:
        method, path = scope["method"], scope["path"]
        routes, found_id = self._routes_of(path)
        if not routes:
            message = f"there is nothing at {path[:128]}"
            return refused(RequestError(404, "path", message, "GET /openapi.json has the paths"))
        route = routes.get(method)
        if route is None:
            allowed = ", ".join(routes)
            message = f"{method} is not for {path[:128]}"
            error = RequestError(405, "method", message, f"use {allowed}")
            return refused(error, (b"allow", allowed.encode()))
        try:
            body = b"" if method == "GET" else await self._body(scope, receive)
            query = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1")))
            call = Call(body, found_id, query, dict(scope["headers"]))
            return await route.handle(self._server, call)
        except RequestError as error:
            return refused(error)
        except JournalError as error:
            remedy = "retry with the same decision_id"
            return refused(RequestError(503, "journal", str(error), remedy), (b"retry-after", b"1"))

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

    async def _body(self, scope: Message, receive: Receive) -> bytes:
        """The request's body; refused as soon as it is longer than the limit."""
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self._max_body_bytes:
            raise self._too_long()
        parts: list[bytes] = []
        length = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise RequestError(400, "body", "the client left before its end", "send it again")
            part = message.get("body", b"")
            length += len(part)
            if length > self._max_body_bytes:
                raise self._too_long()
            parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts)

    def _too_long(self) -> RequestError:
        message = f"longer than the limit of {self._max_body_bytes} bytes"
        return RequestError(413, "body", message, "send fewer candidates")


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
