"""GET /healthz and /readyz: is the process alive, and can it promise anything now?"""

from nba.errors import JournalError, RequestError
from serving.call import JSON, Call
from serving.metrics.metrics import family_total
from serving.server import Server


async def alive(_server: Server, _call: Call) -> bytes:
    """The process answers."""
    return b'{"status":"ok"}'


async def ready(server: Server, _call: Call) -> bytes:
    """What is served and how it is remembered; raises JournalError if nothing can be promised.

    The counts are those of all workers; `workers` tells the plan's generation that each serves.
    """
    if server.journal.broken:
        raise JournalError(server.journal.broken)
    if server.draining:
        raise RequestError(503, "server", "it is being stopped", "use another one")
    loaded = server.store.current.loaded
    total = server.metrics.total()
    return JSON.encode(
        {
            "status": "ready",
            "policy": loaded.policy.name,
            "policy_version": loaded.policy.version,
            "spec_version": loaded.card.spec.version,
            "compiled": server.store.current.usual is not None,
            "durability": server.journal.durability,
            "journal_notes": server.journal.notes,
            "decisions_known": len(server.index),
            "worker": server.metrics.worker,
            "workers": {str(w): int(g) for w, g in server.metrics.generations().items()},
            "decisions": int(family_total(total, "nba_decisions_total")),
            "dry_runs": int(family_total(total, "nba_dry_runs_total")),
            "fallbacks": int(family_total(total, "nba_fallbacks_total")),
            "opt_outs": int(family_total(total, "nba_opt_outs_total")),
            "outcomes": int(family_total(total, "nba_outcomes_total")),
            "last_fallback": server.metrics.last_fallback,
        }
    )
