"""A server on a free port that answers what it is told to, and remembers what it was asked."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Said:
    """One answer; None as status closes the connection instead."""

    status: int | None
    body: bytes = b"{}"
    headers: tuple[str, ...] = ()
    last: bool = False  # close the connection afterwards, without having said so


@dataclass(slots=True)
class Scripted:
    """The script, and what came in."""

    script: list[Said]
    url: str = ""
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    connections: int = 0


@contextmanager
def scripted(*script: Said) -> Iterator[Scripted]:
    """Answers one request after another, each connection in turn; ends with the block."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Scripted(list(script), f"http://127.0.0.1:{listener.getsockname()[1]}")
    thread = threading.Thread(target=_serve, args=(listener, server))
    thread.start()
    try:
        yield server
    finally:
        server.script.clear()
        with socket.create_connection(listener.getsockname()):
            pass  # wakes the thread
        thread.join()
        listener.close()


def _serve(listener: socket.socket, server: Scripted) -> None:
    while True:
        connection = listener.accept()[0]
        with connection, connection.makefile("rb") as lines:
            if not server.script:
                return
            server.connections += 1
            connection.settimeout(5)
            while server.script and (first := lines.readline()):
                headers = dict[str, str]()
                while line := lines.readline().strip():
                    name, _, value = line.decode().partition(": ")
                    headers[name.lower()] = value
                body = lines.read(int(headers.get("content-length", "0")))
                server.asked.append((first.decode().strip(), headers, body))
                said = server.script.pop(0)
                if said.status is None:
                    break
                head = [f"HTTP/1.1 {said.status} X", f"Content-Length: {len(said.body)}"]
                text = "\r\n".join([*head, *said.headers, "", ""])
                connection.sendall(text.encode() + said.body)
                if said.last:
                    break
