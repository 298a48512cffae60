"""Plain requests: a POST of a decision that came whole, with nothing about it to think over.

What is plain here means the same to every reader of HTTP: one Content-Length in digits that ends
where the bytes end, no other coding of the body, names of letters, digits and dashes, values that
can be printed. All else is left to the parser. Without the compiled scanner nothing is plain.
Sources: RFC 9112, 11.2 (request smuggling).
"""

from nba.compiled import compiled

_compiled = compiled("serving.http._plain")


def _nothing(_data: bytes, _limit: int) -> int:
    return 0


body_of_plain = _nothing if _compiled is None else _compiled.body_of_plain


def headers_of_plain(data: bytes, start: int) -> dict[bytes, bytes]:
    r"""The headers of a plain request whose body begins there, names in small letters.

    >>> headers_of_plain(b"POST / HTTP/1.1\r\nHost: x\r\n\r\n", 28)
    {b'host': b'x'}
    """
    pairs = [line.partition(b":") for line in data[: start - 4].split(b"\r\n")[1:]]
    return {name.lower(): value.lstrip(b" ") for name, _, value in pairs}
