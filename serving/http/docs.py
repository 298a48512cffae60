"""GET /docs: a page about the API, made from its description; it loads nothing from elsewhere."""

from functools import cache
from pathlib import Path

from serving.call import JSON, Answer, Call
from serving.http.openapi import openapi
from serving.server import Server


async def docs(_server: Server, _call: Call) -> Answer:
    """The page."""
    return Answer(page(), content_type=b"text/html; charset=utf-8")


@cache
def page() -> bytes:
    """The page with the description inside it."""
    template = Path(__file__).with_name("docs.html").read_bytes()
    # "</script>" inside the JSON would end it: in a JSON text "<\/" is the same as "</".
    return template.replace(b"{{openapi}}", JSON.encode(openapi()).replace(b"</", b"<\\/"))
