"""A change of the plan: made once, journalled, answered when every worker serves it."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from nba.errors import RequestError
from serving.journal.records import PlanRecord, encode_record
from serving.policies.folder import change_plan
from serving.policies.plan import Plan
from serving.schema_policies import PlanReply
from serving.server import Server


def folder_of(server: Server) -> Path:
    """The store's folder; refused if the server was given a single file."""
    if not server.store.path.is_dir():
        message = f"this server serves the one file {server.store.path.name}"
        raise RequestError(409, "store", message, "start it with --store to change policies")
    return server.store.path


async def carry_out(
    server: Server, use_case: str, what: str, change: Callable[[Plan], Plan], *, by: str
) -> PlanReply:
    """Write the changed plan, note it in the journal, and wait until every worker serves it."""

    def checked(plan: Plan) -> Plan:
        changed = change(plan)
        server.store.load(changed)  # raises before anything is written
        return changed

    plan = await asyncio.to_thread(partial(change_plan, folder_of(server), checked))
    use = plan.use_cases[use_case]
    record = PlanRecord(
        server.clock(), plan.generation, use_case, what, by, msgspec.json.encode(use)
    )
    await asyncio.shield(server.journal.append(encode_record(record)))
    await follow_plan(server)
    await _everywhere(server, plan.generation)
    return PlanReply(plan.generation, use_case, use, len(server.metrics.generations()))


async def follow_plan(server: Server) -> None:
    """Serve what the plan says now; its policies are loaded in a thread, beside the running ones.

    Raises InputError for a plan that cannot be served; what is served stays as it is.
    """
    while server.store.changed():
        fresh = await asyncio.to_thread(server.store.read)
        if fresh.plan.generation >= server.store.plan.generation:
            server.store.take(fresh)
        server.note_plan()


async def _everywhere(server: Server, generation: int) -> None:
    end = asyncio.get_running_loop().time() + server.settings.promote_timeout_s
    while True:
        behind = [w for w, found in server.metrics.generations().items() if found < generation]
        if not behind:
            return
        if asyncio.get_running_loop().time() > end:
            raise RequestError(
                503,
                "workers",
                f"worker {', '.join(map(str, behind))} has not taken generation {generation} yet",
                "the plan is written and they go on trying: look at GET /v1/policies and the log",
            )
        await asyncio.sleep(0.01)
