"""The ASGI app: routes, limits on what is read, and errors as JSON with a field and a remedy."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from nba.errors import JournalError, RequestError
from serving.openapi import openapi
from serving.schema import ErrorReply, ErrorText
from serving.service import JSON, Service

# The shapes that ASGI gives them: https://asgi.readthedocs.io/en/latest/specs/www.html
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

Answer = tuple[int, list[tuple[bytes, bytes]], bytes]  # status, more headers, JSON
_TRACE: Final = "/v1/decisions/"


class App:
    """Serves one `Service` over HTTP; state lives there."""

    def __init__(self, service: Service, *, max_body_bytes: int) -> None:
        self._trace = service.trace
        self._max_body_bytes = max_body_bytes
        self._posts: dict[str, Callable[[bytes], Awaitable[bytes]]] = {
            "/v1/decisions": service.decide,
            "/v1/outcomes": service.outcome,
        }
        self._gets: dict[str, Callable[[], bytes]] = {
            "/v1/policies": service.policies,
            "/healthz": _alive,
            "/readyz": service.ready,
            "/openapi.json": _described,
        }

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One HTTP request."""
        assert scope["type"] == "http", "run the server with its lifespan protocol off"
        status, more, body = await self._answer(scope, receive)
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            *more,
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Message, receive: Receive) -> Answer:
        method, path = scope["method"], scope["path"]
        allowed = self._method_of(path)
        shown = path[:128]
        if allowed is None:
            message = f"there is nothing at {shown}"
            return _refused(RequestError(404, "path", message, "GET /openapi.json has the paths"))
        if method != allowed:
            error = RequestError(405, "method", f"{method} is not for {shown}", f"use {allowed}")
            return _refused(error, (b"allow", allowed.encode()))
        try:
            return 200, [], await self._result(path, scope, receive)
        except RequestError as error:
            return _refused(error)
        except JournalError as error:
            remedy = "retry with the same decision_id"
            return _refused(
                RequestError(503, "journal", str(error), remedy), (b"retry-after", b"1")
            )

    def _method_of(self, path: str) -> str | None:
        if path in self._posts:
            return "POST"
        return "GET" if path in self._gets or path.startswith(_TRACE) else None

    async def _result(self, path: str, scope: Message, receive: Receive) -> bytes:
        post, get = self._posts.get(path), self._gets.get(path)
        if post is not None:
            return await post(await self._body(scope, receive))
        return await self._trace(path.removeprefix(_TRACE)) if get is None else get()

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


def _refused(error: RequestError, *headers: tuple[bytes, bytes]) -> Answer:
    reply = ErrorReply(ErrorText(error.field, error.message, error.remedy))
    return error.status, list(headers), JSON.encode(reply)


def _alive() -> bytes:
    return b'{"status":"ok"}'


def _described() -> bytes:
    return JSON.encode(openapi())
