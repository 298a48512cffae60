"""The gate before every use: may the caller, is there room, and has it taken too long?

The time limit costs a dictionary entry a request: the pulse looks at the oldest ones.
Sources: Welsh and Culler 2003 (refuse early, before latency collapses).
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from nba.errors import RequestError
from serving.call import Route
from serving.http.keys import Keys
from serving.server import Running, Server


class OverdueError(RequestError):
    """The answer took longer than the deadline."""


@dataclass(slots=True)
class Gate:
    """Lets requests in, and remembers when each came."""

    server: Server
    keys: Keys
    overdue: set[Running] = field(default_factory=set)

    def let_in(self, route: Route, headers: Mapping[bytes, bytes]) -> str:
        """The name of the caller's key; raises RequestError: 401, 403, or 429 if it is full."""
        if route.scope == "open":
            return ""
        name = self.admitted(route, headers)
        self.count(name)
        return name

    def admitted(self, route: Route, headers: Mapping[bytes, bytes]) -> str:
        """The same for a route that is not open, and not counted."""
        name = self.keys.name_of(headers, route.scope) if self.keys.known else ""
        server, settings = self.server, self.server.settings
        if route.scope != "admin":
            if len(server.running) > settings.max_in_flight:
                raise _busy(f"{settings.max_in_flight} requests are being answered already")
            if server.lag_s > settings.max_lag_s:
                raise _busy(f"the worker is {server.lag_s:.2f} s behind")
        return name

    def count(self, key: str) -> None:
        """Count a call of a key."""
        if key:
            self.server.metrics.cell("nba_key_requests_total", "key", key).add()

    def give_up_overdue(self) -> None:
        """End what has taken longer than the deadline; changes of the plan have their own."""
        latest = time.perf_counter() - self.server.settings.deadline_s
        for task, began in tuple(self.server.running.items()):
            if began > latest:
                return  # they are in the order of coming
            if task not in self.overdue:
                self.overdue.add(task)
                task.cancel()

    def is_overdue(self, task: "asyncio.Task[None]") -> bool:
        """Was this task ended by the deadline, rather than by the end of the server?"""
        if task in self.overdue:
            self.overdue.discard(task)
            task.uncancel()
            return True
        return False

    def overdue_error(self) -> RequestError:
        """What the caller of an overdue request is told."""
        message = f"it was not done within {self.server.settings.deadline_s:g} s"
        return OverdueError(503, "deadline", message, "retry with the same decision_id")


def _busy(found: str) -> RequestError:
    return RequestError(429, "load", found, "retry after the time in Retry-After, or add workers")
