"""The short way for decisions: from the socket to the journal and back without a task.

A POST of a decision that is as usual is decided where its last byte is read, and its answer written
where its record became durable. Whatever else there is about a request (another path, a retry, a
dry run, a refusal, a chunked body) goes the long way, through the app, which then finds it as if
it had come that way. What comes whole and plain does not even meet the parser: see `plain`.
Measured: `nba bench serve`.
"""

import time
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from nba.errors import JournalError, RequestError
from serving.api.decide import promise
from serving.call import Answer
from serving.http.app import App
from serving.http.plain import body_of_plain, headers_of_plain

PATH: Final = b"/v1/decisions"
_HEAD: Final = b"HTTP/1.1 %d %b\r\ncontent-type: %b\r\ncontent-length: %d\r\n%b\r\n"
_OK: Final = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"


class QuickProtocol(HttpToolsProtocol):
    """Uvicorn's protocol with the short way; `app` is the house's."""

    app: App

    def __init__(self, *args: Any, **named: Any) -> None:  # noqa: ANN401 uvicorn's own
        super().__init__(*args, **named)
        self._length = -1  # of the body, as its headers tell
        self._decision: _Decision | None = None  # while its body comes
        self._parts: list[bytes] = []  # of that body
        self._between = True  # the parser has seen the end of all that came
        self._looked_at = False  # what comes now is not for the short way: it was tried
        self.answered = 0.0  # when the last answer was given

    def data_received(self, data: bytes) -> None:
        """Bytes came: a whole plain request is decided here, others are what the parser finds."""
        if self._between:
            cycle, app = self.cycle, self.app
            if cycle is None or cycle.response_complete:
                start = body_of_plain(data, app.limit)
                if start and not app.server.draining and not self.flow.write_paused:
                    decision = _Decision(self)
                    self.cycle = decision  # type: ignore[assignment]  # what uvicorn asks of one, it has
                    headers = headers_of_plain(data, start) if app.gate.keys.known else {}
                    if decision.promised(data[start:], headers):
                        return
                    self._looked_at = True
        super().data_received(data)

    def on_message_begin(self) -> None:
        """Httptools found a request: its scope is made only if the app needs one."""
        self.url = b""
        self.expect_100_continue = False
        self.headers = []
        self._length = -1
        self._between = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Httptools found a header."""
        name = name.lower()
        if name == b"content-length":
            self._length = int(value) if value.isdigit() else -1
        elif name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Httptools found all headers: the short way is taken if nothing speaks against it."""
        app, parser = self.app, self.parser
        looked_at, self._looked_at = self._looked_at, False
        if (
            self.url == PATH
            and not looked_at
            and 0 < self._length <= app.limit
            and (self.cycle is None or self.cycle.response_complete)
            and parser.get_method() == b"POST"
            and parser.get_http_version() == "1.1"
            and parser.should_keep_alive()
            and not self.expect_100_continue
            and not parser.should_upgrade()
            and not self.flow.write_paused
            and not app.server.draining
        ):
            self._parts.clear()
            self._decision = decision = _Decision(self)
            self.cycle = decision  # type: ignore[assignment]  # what uvicorn asks of one, it has
        else:
            self._long_way()

    def on_body(self, body: bytes) -> None:
        """Httptools found a part of a body."""
        if self._decision is None:
            super().on_body(body)
        else:
            self._parts.append(body)

    def on_message_complete(self) -> None:
        """Httptools found a request's end."""
        self._between = not self.parser.should_upgrade()
        decision = self._decision
        if decision is None:
            super().on_message_complete()
            return
        self._decision = None
        body = b"".join(self._parts)
        self._parts.clear()
        headers = dict(self.headers) if self.app.gate.keys.known else {}
        if decision.response_complete or decision.promised(body, headers):
            return
        self._long_way()
        super().on_body(body)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """An answer is given: what waits behind it is next, or the connection is quiet."""
        self.answered = time.perf_counter()
        super().on_response_complete()

    def timeout_keep_alive_handler(self) -> None:
        """The time that a connection may be quiet has passed since the timer was set.

        The short way leaves the timer alone: it tells when the last answer was given.
        """
        self.timeout_keep_alive_task = None
        if self.cycle is not None and not self.cycle.response_complete:
            return  # its answer will set the timer
        left = self.answered + self.timeout_keep_alive - time.perf_counter()
        if left > 0:
            handler = self.timeout_keep_alive_handler
            self.timeout_keep_alive_task = self.loop.call_later(left, handler)
        else:
            super().timeout_keep_alive_handler()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client left: what it asked for in full is remembered all the same."""
        if self._decision is not None:
            self._decision.leave()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def _long_way(self) -> None:
        """Start the app on this request, as uvicorn does."""
        url, headers, expect = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expect
        self.headers += headers
        super().on_headers_complete()


class _Nobody:
    """Who waits for a message of a request on the short way."""

    def set(self) -> None:
        """Nobody does."""


class _Decision:
    """One request on the short way, in the place of uvicorn's cycle of a request."""

    __slots__ = (
        "_began", "_key", "_protocol", "disconnected", "keep_alive", "response_complete",
    )  # fmt: skip
    message_event: Final = _Nobody()  # one for all: a cycle would wait for the collector
    body: Final = b""  # what uvicorn looks at: the parts are not its own

    def __init__(self, protocol: QuickProtocol) -> None:
        self._protocol = protocol
        self._key = ""
        self.response_complete = self.disconnected = False
        self.keep_alive = True
        self._began = protocol.app.server.running[self] = time.perf_counter()

    def promised(self, body: bytes, headers: dict[bytes, bytes]) -> bool:
        """Is it decided, to be answered when that is durable? If not, nothing has happened."""
        app = self._protocol.app
        try:
            self._key = app.gate.admitted(app.decide_route, headers)
            if promise(app.server, body, self.answer):
                return True
        except Exception:  # noqa: BLE001, S110 the long way finds the same, and tells it
            pass
        self.leave()
        return False

    def cancel(self) -> None:
        """The deadline has passed: the caller is told so, whatever becomes of the record."""
        app = self._protocol.app
        app.gate.overdue.discard(self)
        self._refuse(app.gate.overdue_error())

    def answer(self, found: bytes | JournalError) -> None:
        """The record is durable, or could not be written."""
        if self.response_complete:
            return  # the deadline was first
        protocol = self._protocol
        app = protocol.app
        if isinstance(found, JournalError):
            self._refuse(app.not_remembered(found))
            return
        if self._key:
            app.gate.count(self._key)
        now = time.perf_counter()
        app.decide_seconds.observe(now - self._began)
        server = app.server
        if server.draining or not self.keep_alive or protocol.timeout_keep_alive_task is None:
            self._write(Answer(found))
            return
        self.response_complete = True
        del server.running[self]
        transport = protocol.transport
        if not transport.is_closing():
            transport.write(_OK % (len(found), found))
        protocol.server_state.total_requests += 1
        protocol.answered = now
        if protocol.pipeline:
            protocol.on_response_complete()

    def leave(self) -> None:
        """It is on the short way no more."""
        self.response_complete = True
        self._protocol.app.server.running.pop(self, None)

    def _refuse(self, error: RequestError) -> None:
        app = self._protocol.app
        self._write(app.refusal(error, app.decide_route))

    def _write(self, answer: Answer) -> None:
        """An answer that is not as usual."""
        protocol = self._protocol
        headers = answer.headers
        if protocol.app.server.draining:
            headers = (*headers, (b"connection", b"close"))
            self.keep_alive = False
        lines = b"".join([b"%b: %b\r\n" % header for header in headers])
        phrase = b"OK" if answer.status == 200 else b"Service Unavailable"
        head = _HEAD % (answer.status, phrase, answer.content_type, len(answer.body), lines)
        transport = protocol.transport
        if not transport.is_closing():
            transport.write(head + answer.body)
            if not self.keep_alive:
                transport.close()
        self.leave()
        protocol.on_response_complete()
