"""HTTP to one server: connections that stay open, and retries of what may be sent twice."""

import http.client
import json
import secrets
import ssl
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from nba.errors import (
    ConflictError,
    InputError,
    NotAllowedError,
    RequestError,
    UnavailableError,
    UnknownIdError,
)

_TRY_LATER: Final = {0, 429, 502, 503, 504}  # 0: no answer
_REFUSALS: Final = {
    401: NotAllowedError,
    403: NotAllowedError,
    404: UnknownIdError,
    409: ConflictError,
}
_FIRST_PAUSE_S: Final = 0.05  # doubled with every further retry
_MOST_IDLE: Final = 64  # connections kept open between calls


class Connections:
    """Open connections to one server; any number of threads may ask at once."""

    def __init__(
        self,
        url: str,
        *,
        key: str | None,
        timeout_s: float,
        retries: int,
        tls: ssl.SSLContext | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise InputError(f"url is {url!r}; give one like http://127.0.0.1:8080")
        if not timeout_s > 0 or retries < 0:
            raise InputError(
                f"timeout_s is {timeout_s} and retries {retries}; use seconds above 0 and 0 or more"
            )
        self._where = (parts.hostname, parts.port)
        self._tls = tls or ssl.create_default_context() if parts.scheme == "https" else None
        self._prefix = parts.path.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._timeout_s = timeout_s
        self._retries = retries
        self._sleep = sleep
        self._idle: deque[http.client.HTTPConnection] = deque()

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        kind: str = "application/json",
        again: bool = True,
    ) -> bytes:
        """The answer's body; `again`: whether sending it twice does no more than sending it once.

        Raises RequestError (or one of its kinds) for a refusal, UnavailableError when there is no
        answer, or none but "later", after all retries.
        """
        worth_it = _TRY_LATER if again else {429}
        tried = 0
        while True:
            try:
                return self._once(method, path, body, kind=kind, again=again)
            except UnavailableError as failure:
                pause_s = failure.retry_after_s
                pause_s = _pause(tried) if pause_s is None else pause_s
                late = tried == self._retries or pause_s > self._timeout_s
                if late or failure.status not in worth_it:
                    raise
            self._sleep(pause_s)
            tried += 1

    def close(self) -> None:
        """Close the connections that nobody uses now."""
        while self._idle:
            self._idle.pop().close()

    def _once(self, method: str, path: str, body: bytes | None, *, kind: str, again: bool) -> bytes:
        headers = self._headers if body is None else self._headers | {"Content-Type": kind}
        try:
            status, pause_s, answer = self._answer(method, path, body, headers, again=again)
        except (OSError, http.client.HTTPException) as error:
            raise _no_answer(error, self._where, self._timeout_s) from error
        if status < 300:
            return answer
        raise _refusal(status, answer, pause_s)

    def _answer(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str], *, again: bool
    ) -> tuple[int, float | None, bytes]:
        """Status, seconds to wait before a retry if the server says so, and body."""
        idle = self._idle_one() if again else None
        if idle is not None:
            # The server may have closed it while it lay idle: then a new one will do.
            with suppress(ConnectionError, http.client.BadStatusLine):
                return self._spoken(idle, method, path, body, headers)
        return self._spoken(self._new(), method, path, body, headers)

    def _idle_one(self) -> http.client.HTTPConnection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _spoken(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: bytes | None,
        headers: dict[str, str],
    ) -> tuple[int, float | None, bytes]:
        try:
            connection.request(method, self._prefix + path, body, headers)
            answer = connection.getresponse()
            found = answer.status, _seconds(answer.getheader("Retry-After")), answer.read()
        except BaseException:
            connection.close()
            raise
        if answer.will_close or len(self._idle) >= _MOST_IDLE:
            connection.close()
        else:
            self._idle.append(connection)
        return found

    def _new(self) -> http.client.HTTPConnection:
        host, port = self._where
        if self._tls is None:
            return http.client.HTTPConnection(host, port, timeout=self._timeout_s)
        return http.client.HTTPSConnection(host, port, timeout=self._timeout_s, context=self._tls)


def _pause(tried: int) -> float:
    """Seconds before the next try: longer each time, and not the same for every client."""
    longest = _FIRST_PAUSE_S * 2.0**tried
    return longest * (0.5 + secrets.randbelow(1000) / 2000)


def _seconds(header: str | None) -> float | None:
    return float(header) if header is not None and header.isdecimal() else None


def _refusal(status: int, body: bytes, pause_s: float | None) -> RequestError | UnavailableError:
    """What a status says, with the field and the remedy if it is the server that speaks."""
    try:
        told = json.loads(body)["error"]
        field, message, remedy = told["field"], told["message"], told.get("remedy", "")
    except (ValueError, KeyError, TypeError):
        text = body[:200].decode(errors="replace")
        field, message = "", f"status {status}: {text}"
        remedy = "is it the server itself that answers at this address?"
    if status >= 500 or status == 429:
        return UnavailableError(status, field, message, remedy, retry_after_s=pause_s)
    return _REFUSALS.get(status, RequestError)(status, field, message, remedy)


def _no_answer(
    error: Exception, where: tuple[str, int | None], timeout_s: float
) -> UnavailableError:
    host, port = where
    told = f"no answer within {timeout_s:g} s" if isinstance(error, TimeoutError) else str(error)
    message = f"{host}{'' if port is None else f':{port}'}: {told or type(error).__name__}"
    return UnavailableError(0, "connection", message, "is the server running, and is this its url?")
