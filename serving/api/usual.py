"""The usual decision at the counter: who may have the compiled one, and what is counted."""

import time
from typing import TYPE_CHECKING

from nba.errors import RequestError
from serving.path.usual import Usual
from serving.policies.assignment import Assignment
from serving.policies.plan import DEFAULT
from serving.server import Server

if TYPE_CHECKING:
    from serving.path._usual import UsualMade


def usual(server: Server, body: bytes) -> "UsualMade | None":
    """The decision of a request that is as usual; None, and nothing has happened, of any other.

    Usual is: the default use case with a policy that acts, a new id, a customer who consents and of
    whom no event has told anything, and nothing wrong.
    """
    form = server.store.current.usual
    if form is None:
        return None
    server.state.catch_up()
    reader, most = form.reader, server.settings.max_actions
    if not reader.read(body, most):
        return None
    customer, own_id = reader.customer, reader.decision_id
    known = own_id is not None and server.index.get(own_id) is not None
    if known or server.state.customers.get(customer) is not None:
        return None
    try:
        assigned = server.store.assignment(DEFAULT, customer)
    except RequestError:  # there is no default use case
        return None
    own = assigned.served.usual if assigned.alone else None
    if own is None or (own is not form and not own.reader.read(body, most)):
        return None
    return _made(server, own, assigned, own_id)


def _made(
    server: Server, form: Usual, assigned: Assignment, own_id: str | None
) -> "UsualMade | None":
    """The decision of the request that its reader holds, by the policy of its side."""
    version = assigned.served.loaded.policy.version
    if server.watch.rests(version):
        return None
    decision_id, now = own_id or server.new_id(), server.clock()
    began = time.perf_counter()
    try:
        made = form.decision.decide(decision_id, now, assigned.control)
    except Exception:  # noqa: BLE001 whatever it is, the long way finds it too, and tells it
        return None
    if made is not None:
        server.watch.took(version, time.perf_counter() - began)
    return made


def count_usual(server: Server, made: "UsualMade") -> None:
    """Count a decision that is durable."""
    metrics = server.metrics
    metrics.tally("policy", made.policy, made.version, made.kind).count(made.propensity)
    if made.control:
        metrics.cell("nba_control_total", "control", made.control).add()
