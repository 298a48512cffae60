"""POST /v1/decisions:batch: many decisions in one request, each as if it had come alone.

A line of JSON each and a line of reply each, in the same order; or rows of Arrow. All are read
before the first is written, so a request with a wrong line changes nothing.
"""

from typing import Final

from nba.errors import RequestError
from serving.api.arrow_rows import CONTENT_TYPE
from serving.api.batch_arrow import decide_table
from serving.api.batch_lines import answer_lines
from serving.call import Answer, Call
from serving.server import Server

NDJSON: Final = b"application/x-ndjson"


async def decide_many(server: Server, call: Call) -> Answer:
    """Answered when all of it is durable; a line that is known already gets its answer again."""
    if call.headers.get(b"content-type", b"").startswith(CONTENT_TYPE):
        return Answer(await decide_table(server, call.body), 200, CONTENT_TYPE)
    lines = [line for line in call.body.split(b"\n") if line.strip()]
    if not lines:
        raise RequestError(422, "rows", "there is no line", "send one decision request a line")
    return Answer(b"\n".join(await answer_lines(server, lines)) + b"\n", 200, NDJSON)
