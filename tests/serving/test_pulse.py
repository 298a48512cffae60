"""Under load for long the server's memory stays flat, and its gauges say so."""

import re
import threading
import time
from pathlib import Path

import pytest

from serving.pulse import resident_bytes
from tests.serving.live_server import LiveServer, example, policy_file, serving

MINUTES = 10.0


def test_this_process_holds_memory() -> None:
    before = resident_bytes()
    held = bytearray(64 * 2**20)
    held[::4096] = b"x" * len(held[::4096])
    assert resident_bytes() - before > 32 * 2**20


@pytest.mark.slow
def test_memory_stays_flat_in_a_soak(tmp_path: Path) -> None:
    soak(tmp_path, MINUTES)


def soak(folder: Path, minutes: float) -> None:
    """What grows is the index alone: at most 64 bytes a decision beyond the first tenth."""
    with serving(policy_file(folder), folder / "j", "--durability", "os") as server:
        end = time.monotonic() + 60 * minutes
        done: list[int] = []

        def ask(worker: int) -> None:
            client, number = server.client(), 0
            while time.monotonic() < end:
                body = example(decision_id=f"soak-{worker}-{number}")
                assert client.post("/v1/decisions", body)[0] == 200
                number += 1
            done.append(number)

        threads = [threading.Thread(target=ask, args=(i,), daemon=True) for i in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(6 * minutes)
        first = numbers(server)
        for thread in threads:
            thread.join(timeout=60 * minutes + 60)
        last = numbers(server)
        assert len(done) == 4, "a client failed"
        decisions = last["nba_decisions_known"] - first["nba_decisions_known"]
        grown = last["nba_resident_bytes"] - first["nba_resident_bytes"]
        print(f"{sum(done)} decisions; {first} → {last}")  # noqa: T201 the study's figures
        assert grown < 64 * decisions + 4 * 2**20


def numbers(server: LiveServer) -> dict[str, float]:
    """The gauges of the only worker."""
    client = server.client()
    text = client.text("/metrics")
    return {name: float(v) for name, v in re.findall(r'(nba_\w+){worker="0"} (\S+)', text)}
