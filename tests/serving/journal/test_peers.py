"""Workers that share a journal's root know each other's decisions, also after a restart."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from serving.journal.sidecar import sidecar_path
from tests.serving.asgi import Desk, desk
from tests.serving.live_server import example


def decide(counter: Desk, name: str, **changed: object) -> tuple[int, object]:
    status, _, reply = counter.post("/v1/decisions", example(decision_id=name, **changed))
    return status, reply


def tell(counter: Desk, name: str, **components: float) -> tuple[int, dict[str, list[str]]]:
    told = {"decision_id": name, "components": components, "at": 1500.0}
    status, _, reply = counter.post("/v1/outcomes", told)
    return status, reply


def known(counter: Desk, name: str) -> dict[str, float]:
    found = counter.get(f"/v1/decisions/{name}")[2]
    return {outcome["component"]: outcome["value"] for outcome in found["outcomes"]}


def test_a_retry_may_reach_another_worker(tmp_path: Path) -> None:
    with desk(tmp_path, worker=0) as first, desk(tmp_path, worker=1) as second:
        for number, counters in enumerate([(first, second), (second, first)] * 2):
            one, other = counters
            name = f"d-{number}"
            answer = decide(one, name)
            assert answer[0] == 200
            assert decide(other, name) == answer
            hour = example()["context"] | {"hour": 3.0}
            assert decide(other, name, context=hour)[0] == 409
        assert len(list((tmp_path / "journal").glob("*/*.journal"))) == 2
        assert first.get("/readyz")[2]["decisions_known"] == 4


def test_an_outcome_may_reach_another_worker_and_counts_once(tmp_path: Path) -> None:
    with desk(tmp_path, worker=0) as first, desk(tmp_path, worker=1) as second:
        decide(first, "d-1")
        assert tell(second, "d-1", resolved=1.0)[1]["recorded"] == ["resolved"]
        assert tell(first, "d-1", resolved=1.0, wait_s=5.0)[1] == {
            "decision_id": "d-1",
            "recorded": ["wait_s"],
            "already_known": ["resolved"],
        }
        assert tell(second, "d-1", wait_s=6.0)[0] == 409
        assert known(first, "d-1") == known(second, "d-1") == {"resolved": 1.0, "wait_s": 5.0}


@pytest.mark.parametrize("segment_bytes", [2**20, 15_000])
def test_it_all_holds_after_a_restart_of_one_or_all(tmp_path: Path, segment_bytes: int) -> None:
    replies: dict[str, object] = {}
    for turn in range(3):
        with ExitStack() as stack:
            first, last = (
                stack.enter_context(desk(tmp_path, worker=i, segment_bytes=segment_bytes))
                for i in (0, 2)
            )
            for opening in range(2):  # the one between is opened again while the others go on
                with desk(tmp_path, worker=1, segment_bytes=segment_bytes) as middle:
                    workers = (first, middle, last)
                    for number in range(4):
                        name = f"d-{turn}-{opening}-{number}"
                        replies[name] = decide(workers[number % 3], name)
                        assert tell(workers[(number + 1) % 3], name, resolved=1.0)[0] == 200
                    for worker in workers:
                        for name, reply in replies.items():
                            assert decide(worker, name) == reply, name
                            assert known(worker, name) == {"resolved": 1.0}


def test_fewer_workers_still_know_what_the_others_did(tmp_path: Path) -> None:
    with desk(tmp_path) as alone:
        first = decide(alone, "alone")
    with desk(tmp_path, worker=0) as one, desk(tmp_path, worker=1) as two:
        assert decide(two, "alone") == first
        second = decide(two, "second")
        assert decide(one, "second") == second
    with desk(tmp_path) as alone:
        assert decide(alone, "second") == second
        assert decide(alone, "alone") == first


def test_a_worker_that_died_is_known_to_where_it_stopped(tmp_path: Path) -> None:
    with desk(tmp_path, worker=0) as one:
        with desk(tmp_path, worker=1) as two:
            first = decide(two, "d-1")
        sidecar_path(tmp_path / "journal" / "1", 1).unlink()  # as a power cut may leave it
        with desk(tmp_path, worker=2) as three:
            assert decide(one, "d-1") == first
            with desk(tmp_path, worker=1) as two:
                second = decide(two, "d-2")
                for counter in (one, two, three):
                    assert decide(counter, "d-1") == first
                    assert decide(counter, "d-2") == second
