"""GET /metrics: the numbers of all workers, as Prometheus reads them."""

from serving.call import Answer, Call
from serving.metrics.text import prometheus_text
from serving.pulse import say_how_it_stands
from serving.server import Server


async def metrics(server: Server, _call: Call) -> Answer:
    """A scrape of any worker gives the sum; gauges are told for each worker."""
    say_how_it_stands(server)
    body = prometheus_text(server.metrics.total()).encode()
    return Answer(body, content_type=b"text/plain; version=0.0.4; charset=utf-8")
