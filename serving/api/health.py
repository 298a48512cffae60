"""GET /healthz and /readyz: is the process alive, and can it promise anything now?"""

from dataclasses import asdict

from nba.errors import JournalError
from serving.call import JSON, Call
from serving.server import Server


async def alive(_server: Server, _call: Call) -> bytes:
    """The process answers."""
    return b'{"status":"ok"}'


async def ready(server: Server, _call: Call) -> bytes:
    """What is served and how it is remembered; raises JournalError if nothing can be promised."""
    if server.journal.broken:
        raise JournalError(server.journal.broken)
    loaded = server.store.current.loaded
    return JSON.encode(
        {
            "status": "ready",
            "policy": loaded.policy.name,
            "policy_version": loaded.policy.version,
            "spec_version": loaded.card.spec.version,
            "durability": server.journal.durability,
            "journal_notes": server.journal.notes,
            "decisions_known": len(server.index),
            **asdict(server.counts),
        }
    )
