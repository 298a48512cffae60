"""One worker as its operator sees it: keys, TLS, log lines, metrics, a slow client, a stop."""

import http.client
import json
import shutil
import socket
import ssl
import subprocess
import time
from pathlib import Path

import pytest

from tests.serving.live_server import EXAMPLE, policy_file, serving

LETTERS = "a-key-of-many-letters"
KEYS = f'[[keys]]\nname = "shop"\nkey = "{LETTERS}"\nscopes = ["decide", "outcome"]\n'


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return policy_file(tmp_path_factory.mktemp("policy"))


def test_neither_keys_nor_customers_nor_bodies_are_in_the_log(policy: Path, tmp_path: Path) -> None:
    (tmp_path / "keys.toml").write_text(KEYS)
    options = ("--keys", str(tmp_path / "keys.toml"), "--log-format", "json", "--durability", "os")
    customer = json.loads(EXAMPLE)["customer"]["id"]
    with serving(policy, tmp_path / "j", *options, NBA_SERVE_HOST="0.0.0.0") as server:  # noqa: S104 keys are asked for
        wire = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        for key, status in ((LETTERS, 200), (LETTERS + "?", 401)):
            for _ in range(2):
                wire.request("POST", "/v1/decisions", EXAMPLE, {"authorization": f"Bearer {key}"})
                answer = wire.getresponse()
                assert answer.status == status, answer.read()
                answer.read()
        wire.request("GET", "/v1/policies", headers={"x-api-key": LETTERS})
        assert wire.getresponse().read().decode().count("scope 'admin'") == 1
        wire.close()
        assert server.stop() == 0
        events = [json.loads(line) for line in server.lines]
    assert [event["event"] for event in events] == ["serving", "refused", "draining"]
    assert events[1]["status"] == "401"
    for told in (LETTERS, customer, "features"):
        assert told not in str(events)


def test_it_speaks_tls_itself(policy: Path, tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subject = ("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1")
    made = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    files = ("-keyout", str(key), "-out", str(cert), "-days", "2")
    subprocess.run([openssl, *made, *files, *subject], check=True, capture_output=True)
    options = ("--tls-cert", str(cert), "--tls-key", str(key))
    with serving(policy, tmp_path / "j", *options) as server:
        context = ssl.create_default_context(cafile=str(cert))
        wire = http.client.HTTPSConnection("127.0.0.1", server.port, context=context, timeout=20)
        wire.request("POST", "/v1/decisions", EXAMPLE)
        answer = wire.getresponse()
        assert (answer.status, b"chosen" in answer.read()) == (200, True)
        wire.close()


def test_a_client_that_sends_its_body_too_slowly_is_given_up(policy: Path, tmp_path: Path) -> None:
    with (
        serving(policy, tmp_path / "j", NBA_SERVE_DEADLINE_S="0.2") as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=20) as wire,
    ):
        wire.sendall(b"POST /v1/decisions HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
        told = b""
        while b"not done within" not in told:
            part = wire.recv(65536)
            assert part, told
            told += part
        assert told.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 1" in told
        assert server.client().send("POST", "/v1/decisions", EXAMPLE)[0] == 200


def test_a_connection_that_says_nothing_more_is_closed(policy: Path, tmp_path: Path) -> None:
    with (
        serving(policy, tmp_path / "j", NBA_SERVE_IDLE_S="1") as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=20) as wire,
    ):
        wire.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        told = b""
        while not told.endswith(b"}"):  # head and body may come apart
            told += wire.recv(65536)
        assert told.startswith(b"HTTP/1.1 200 ")
        began = time.monotonic()
        assert wire.recv(65536) == b"", "closed by the server"
        assert time.monotonic() - began > 0.5


def test_the_store_is_served_as_it_was_left(policy: Path, tmp_path: Path) -> None:
    with serving(policy, tmp_path / "j") as server:
        client = server.client()
        assert client.post("/v1/policies:mode", {"mode": "shadow", "holdout": 0.5})[0] == 200
        assert server.stop() == 0
    with serving(policy, tmp_path / "j") as server:
        plan = server.client().get("/v1/policies")[1]["use_cases"]["default"]
        assert (plan["mode"], plan["holdout"]) == ("shadow", 0.5)
