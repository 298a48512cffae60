"""The limits that a server is measured beside: an echo on uvicorn, and a protocol by hand.

`python -m experiments.benchmark.serve.http_servers echo PORT`, or `protocol PORT POLICY_FILE`.
"""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

import httptools
import uvicorn
import uvloop

from experiments.benchmark.serve.work import work_with
from serving.http.app import Send
from serving.http.incoming import Message, Receive


async def echo(_scope: Message, receive: Receive, send: Send) -> None:
    """An ASGI app that answers a request with its own body: what the HTTP stack alone costs."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def serve_echo(port: int) -> None:
    """The stack of `nba serve`, set up alike."""
    uvicorn.run(
        echo, host="127.0.0.1", port=port, loop="uvloop", http="httptools", ws="none",
        lifespan="off", interface="asgi3", log_config=None, access_log=False,
        server_header=False, date_header=False, proxy_headers=False,
    )  # fmt: skip


class ByHand(asyncio.Protocol):
    """HTTP/1.1 as far as this measurement needs it: every request is a decision."""

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self._answer = answer
        self._parser = httptools.HttpRequestParser(self)
        self._parts: list[bytes] = []
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is of no such class

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        """Httptools found a part of a body."""
        self._parts.append(body)

    def on_message_complete(self) -> None:
        """Httptools found a request's end."""
        body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts.clear()
        answer = self._answer(body)
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        assert self._transport is not None
        self._transport.write(head % len(answer) + answer)


def serve_protocol(port: int, policy: Path) -> None:
    """Decisions from the protocol, on uvloop."""
    answer = work_with(policy).answer

    async def run() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: ByHand(answer), "127.0.0.1", port)
        await server.serve_forever()

    uvloop.run(run())


if __name__ == "__main__":
    if sys.argv[1] == "echo":
        serve_echo(int(sys.argv[2]))
    else:
        serve_protocol(int(sys.argv[2]), Path(sys.argv[3]))
