"""Several workers on one port: the same answers, one sum, and no worker's end is the service's."""

import http.client
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nba.act.bundle import Card, load_policy, save_policy
from nba.act.uniform import Uniform
from nba.listen.contact_features import CONTACT_CENTRE
from serving.journal.records import float64s
from serving.path.decision import make_decision
from serving.policies.served import load_served
from serving.schema import DecisionRequest, decode
from tests.serving.live_server import (
    EXAMPLE,
    LiveServer,
    example,
    policy_file,
    serving,
    start,
)

DECISIONS = "/v1/decisions"
GONE = (OSError, http.client.HTTPException)


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return policy_file(tmp_path_factory.mktemp("policy"))


@pytest.fixture
def team(policy: Path, tmp_path: Path) -> Iterator[LiveServer]:
    with serving(policy, tmp_path / "j", "--workers", "2", "--durability", "os") as server:
        until(lambda: server.client().get("/readyz")[1]["workers"] == {"0": 1, "1": 1})
        yield server
        if server.process.poll() is None:
            server.stop()


def until(done: Callable[[], bool], limit_s: float = 20.0) -> None:
    end = time.monotonic() + limit_s
    while not done():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def worker_pids(server: LiveServer) -> list[int]:
    tasks = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text()
    return [int(pid) for pid in tasks.split()]


def clients_of_both(server: LiveServer) -> dict[int, Any]:
    """A connection to each worker."""
    found: dict[int, Any] = {}
    for _ in range(500):
        client = server.client()
        found[client.get("/readyz")[1]["worker"]] = client
        if len(found) == 2:
            return found
    raise AssertionError("one worker takes all connections")


def test_any_worker_answers_a_retry_and_tells_the_sum(team: LiveServer) -> None:
    both = clients_of_both(team)
    first = both[0].send("POST", DECISIONS, EXAMPLE)
    assert first[0] == 200
    assert both[1].send("POST", DECISIONS, EXAMPLE) == first
    sent = {"decision_id": "example-0001", "components": {"resolved": 1}}
    assert both[1].post("/v1/outcomes", sent)[0] == 200
    assert both[0].get("/v1/decisions/example-0001")[1]["outcomes"][0]["value"] == 1.0
    told = [client.get("/readyz")[1] for client in both.values()]
    assert [(ready["decisions"], ready["outcomes"]) for ready in told] == [(1, 1), (1, 1)]


def test_a_promotion_is_answered_when_every_worker_serves_it(
    team: LiveServer, tmp_path: Path
) -> None:
    both = clients_of_both(team)
    version = save_policy(tmp_path / "new.nba", Uniform(), Card(CONTACT_CENTRE))
    (tmp_path / "j-policies").mkdir(exist_ok=True)
    store = Path(both[0].get("/v1/policies")[1]["store"])
    (store / "new.nba").write_bytes((tmp_path / "new.nba").read_bytes())
    status, reply = both[0].post("/v1/policies:promote", {"file": "new.nba"})
    assert (status, reply["workers"], reply["plan"]["active"]) == (200, 2, version)
    for number, client in both.items():
        assert client.post(DECISIONS, example(decision_id=f"d-{number}"))[1]["policy"] == "uniform"
    assert both[1].post("/v1/policies:rollback", {})[0] == 200
    assert both[0].post(DECISIONS, example(decision_id="back"))[1]["policy"] == "scorer"


def test_a_killed_worker_is_replaced_and_a_retry_gets_the_same_answer(team: LiveServer) -> None:
    answered: dict[str, Any] = {}
    stop = threading.Event()
    faults: list[str] = []

    def ask(worker: int) -> None:
        client = team.client()
        for number in range(100_000):
            if stop.is_set():
                return
            name = f"k-{worker}-{number}"
            for _ in range(50):  # a client that retries
                try:
                    status, reply = client.post(DECISIONS, example(decision_id=name))
                except GONE:
                    client = team.client()
                    time.sleep(0.02)
                    continue
                if status == 200:
                    answered[name] = reply
                    break
                faults.append(f"{status}: {reply}")
            else:
                faults.append(f"{name} was never answered")

    threads = [threading.Thread(target=ask, args=(i,), daemon=True) for i in range(4)]
    for thread in threads:
        thread.start()
    until(lambda: len(answered) > 50)
    victim = worker_pids(team)[0]
    os.kill(victim, signal.SIGKILL)
    seen = len(answered)
    until(lambda: len(answered) > seen + 50)
    until(lambda: len(worker_pids(team)) == 2 and victim not in worker_pids(team))
    stop.set()
    for thread in threads:
        thread.join(timeout=20)
    assert faults == []
    client = team.client()
    for name, reply in answered.items():
        assert client.post(DECISIONS, example(decision_id=name)) == (200, reply)
    assert any("ended by signal 9; it is started again" in line for line in team.lines)
    assert 'nba_worker_restarts_total{worker="' in told(team)


def told(server: LiveServer) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    return text


def test_a_stop_answers_what_is_under_way_and_loses_nothing(policy: Path, tmp_path: Path) -> None:
    """Every request sent on an open connection is answered; then the client is told to leave."""
    answered: list[tuple[str, bytes]] = []
    broken: list[str] = []

    def ask(server: LiveServer, worker: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        for number in range(100_000):
            name = f"s-{worker}-{number}"
            body = EXAMPLE.replace(b"example-0001", name.encode())
            try:
                connection.request("POST", DECISIONS, body)
                answer = connection.getresponse()
                content = answer.read()
            except GONE as error:
                broken.append(f"{name}: {error!r}")
                return
            if answer.status != 200:
                broken.append(f"{name}: {content!r}")
                return
            answered.append((name, content))
            if answer.getheader("connection") == "close":
                connection.close()
                return

    with serving(policy, tmp_path / "j", "--workers", "2") as server:
        until(lambda: server.client().get("/readyz")[1]["workers"] == {"0": 1, "1": 1})
        threads = [threading.Thread(target=ask, args=(server, i), daemon=True) for i in range(6)]
        for thread in threads:
            thread.start()
        until(lambda: len(answered) > 100)
        assert server.stop() == 0
        for thread in threads:
            thread.join(timeout=20)
    assert broken == []
    with serving(policy, tmp_path / "j", "--workers", "2") as server:
        client = server.client()
        for name, content in answered:
            body = EXAMPLE.replace(b"example-0001", name.encode())
            status, reply = client.send("POST", DECISIONS, body)
            assert status == 200
            assert reply["decision_id"] == name
            assert reply["chosen"]["id"].encode() in content


def test_swaps_under_load_fail_no_request_and_mix_no_two_policies(
    team: LiveServer, policy: Path, tmp_path: Path
) -> None:
    """Each answer's probabilities are those of the policy file whose version it names."""
    swap_and_replay(team, policy, tmp_path, swaps=4, pause_s=0.2)


@pytest.mark.slow
def test_a_swap_a_second_for_half_a_minute_mixes_nothing(
    team: LiveServer, policy: Path, tmp_path: Path
) -> None:
    swap_and_replay(team, policy, tmp_path, swaps=30, pause_s=1.0)


def swap_and_replay(
    server: LiveServer, policy: Path, folder: Path, *, swaps: int, pause_s: float
) -> None:
    save_policy(folder / "other.nba", Uniform(), Card(CONTACT_CENTRE))
    files = {load_policy(path).policy.version: path for path in (policy, folder / "other.nba")}
    admin = server.client()
    store = Path(admin.get("/v1/policies")[1]["store"])
    (store / "other.nba").write_bytes((folder / "other.nba").read_bytes())
    assert admin.post("/v1/policies:promote", {"file": "other.nba"})[0] == 200
    answers: list[tuple[bytes, Any]] = []
    failed: list[Any] = []
    stop = threading.Event()

    def ask(worker: int) -> None:
        client = server.client()
        number = 0
        while not stop.is_set():
            number += 1
            body = EXAMPLE.replace(b"example-0001", f"w-{worker}-{number}".encode())
            status, reply = client.send("POST", DECISIONS, body)
            if status == 200:
                answers.append((body, reply))
            else:
                failed.append(reply)

    threads = [threading.Thread(target=ask, args=(i,), daemon=True) for i in range(3)]
    for thread in threads:
        thread.start()
    for number in range(swaps):
        version = list(files)[number % 2]
        status, reply = admin.post("/v1/policies:promote", {"version": version})
        assert status == 200, reply
        time.sleep(pause_s)
    stop.set()
    for thread in threads:
        thread.join(timeout=20)
    assert failed == []
    served = {v: load_served(path, occupancy_cap=0.95) for v, path in files.items()}
    assert {reply["policy_version"] for _, reply in answers} == set(served)
    for body, reply in answers:
        request = decode(body, DecisionRequest)
        own = served[reply["policy_version"]]
        again = make_decision(request, body, own, decision_id=reply["decision_id"], now=0.0)
        shares = dict(zip(again.action_ids, float64s(again.probabilities).tolist(), strict=True))
        assert {ranked["id"]: ranked["probability"] for ranked in reply["ranked"]} == shares
        assert reply["chosen"]["id"] == again.action_ids[again.chosen]


def test_workers_do_not_outlive_their_parent(policy: Path, tmp_path: Path) -> None:
    with serving(policy, tmp_path / "j", "--workers", "2") as server:
        until(lambda: server.client().get("/readyz")[1]["workers"] == {"0": 1, "1": 1})
        pids = worker_pids(server)
        server.kill()
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))
    with serving(policy, tmp_path / "j"):
        assert len(pids) == 2, "and let the journal go"


def test_a_journal_in_use_ends_the_start_with_one_line(policy: Path, tmp_path: Path) -> None:
    with serving(policy, tmp_path / "j", "--workers", "2"):
        with pytest.raises(AssertionError) as told_so:
            start(policy, tmp_path / "j", "--workers", "2")
        assert "is in use by another server" in str(told_so.value)
