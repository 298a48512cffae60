"""A request's body as it comes, and what becomes of one that nobody wants to read.

A connection that is closed while bytes of its client are unread is reset, and the reset may
overtake the answer: the client then never learns why it was refused. So the rest is read first.
Sources: RFC 9112, 9.6 (closing in stages).
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from nba.errors import RequestError

# The shapes that ASGI gives them: https://asgi.readthedocs.io/en/latest/specs/www.html
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

LINGER_S: Final = 1.0  # how long a client may go on sending what is refused


class Incoming:
    """The parts of one body."""

    __slots__ = ("_receive", "ended")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.ended = False  # there is no more to come

    async def part(self) -> bytes:
        """The next part; raises RequestError if the client has left."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.ended = True
            raise RequestError(400, "body", "the client left before its end", "send it again")
        self.ended = not message.get("more_body", False)
        part: bytes = message.get("body", b"")
        return part

    async def pass_over(self) -> None:
        """Read what is left, within a second, and keep nothing of it."""
        try:
            async with asyncio.timeout(LINGER_S):
                while not self.ended:
                    await self.part()
        except (RequestError, TimeoutError):
            pass


def closes(scope: Message) -> bool:
    """Does the client ask to close the connection behind the answer, and send without asking?"""
    headers = dict(scope["headers"])
    if b"expect" in headers:  # it waits to be told to send
        return False
    return scope.get("http_version") == "1.0" or headers.get(b"connection", b"").lower() == b"close"
