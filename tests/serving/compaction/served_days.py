"""Small days of serving, and their compaction."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from nba.types import DecisionLog
from serving.compaction.compact import CompactReport, compact
from tests.serving.asgi import Desk, desk
from tests.serving.live_server import example

N = 12


ALL = {
    "resolved": 1.0, "handle_s": 200.0, "wait_s": 30.0, "abandoned": 0.0, "channel_cost_eur": 0.0,
    "churn_loss_eur": 0.0, "overload_s": 0.0, "late_break_s": 0.0, "contact_fatigue": 0.0,
    "growth": 0.0,
}  # fmt: skip


def run(
    folder: Path,
    out: Path,
    *,
    now: float = 5000.0,
    window: float = 1000.0,
    defaults: Mapping[str, float] | None = None,
    step_bytes: int = 2**20,
) -> CompactReport:
    return compact(
        folder / "journal",
        out,
        now=now,
        window_s={"": window},
        defaults=defaults or {},
        step_bytes=step_bytes,
    )


def decide(counter: Desk, name: str, at: float, **changed: object) -> None:
    counter.now = at
    status, _, reply = counter.post("/v1/decisions", example(decision_id=name, **changed))
    assert status == 200, reply


def tell(counter: Desk, name: str, at: float, components: Mapping[str, float]) -> None:
    told = {"decision_id": name, "components": components, "at": at}
    assert counter.post("/v1/outcomes", told)[0] == 200


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """A journal of decisions with outcomes, an opt-out and a dry run."""
    with desk(tmp_path) as counter:
        for number in range(N):
            context = example()["context"] | {"hour": 8 + number / 2}
            actions = example()["actions"][: 4 + number % 5]
            decide(counter, f"d-{number}", 1000.0 + number, context=context, actions=actions)
        decide(counter, "dry", 1100.0, dry_run=True)
        decide(counter, "out", 1100.0, customer={"id": "c", "consent": False})
        for name in ("d-3", "out"):
            tell(counter, name, 1500.0, {"resolved": 1.0, "wait_s": 30.0})
    return tmp_path


def same(one: DecisionLog, other: DecisionLog) -> bool:
    order, again = np.argsort(one.decision_id), np.argsort(other.decision_id)
    return all(
        np.array_equal(one.decision_id[order], other.decision_id[again])
        and np.array_equal(getattr(one, name)[order], getattr(other, name)[again], equal_nan=True)
        for name in ("at", "propensity", "chosen", "reward")
    ) and all(
        np.array_equal(one.outcomes[name][order], other.outcomes[name][again], equal_nan=True)
        for name in {*one.outcomes, *other.outcomes}
    )


def day(counter: Desk, numbers: range) -> None:
    """Decisions whose outcomes come back up to five decisions later."""
    for number in numbers:
        decide(counter, f"n-{number}", 1000.0 + number, customer={"id": f"c-{number % 7}"})
        if number >= 5:
            tell(counter, f"n-{number - 5}", 1000.0 + number, ALL | {"wait_s": float(number)})
