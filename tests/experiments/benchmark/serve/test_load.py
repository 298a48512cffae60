"""The load generator's arithmetic: latencies count from the time that was intended."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numpy as np
import pytest

from experiments.benchmark.serve.load import (
    Load,
    closed_loop,
    load_of,
    open_loop,
    plain_loop,
    post,
    schedule,
    whole_answer,
)

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


def test_a_schedule_is_even_and_as_long_as_asked() -> None:
    assert schedule(4.0, 1.5).tolist() == [0.0, 0.25, 0.5, 0.75, 1.0, 1.25]


def test_a_stall_is_told_by_all_requests_that_were_due_meanwhile() -> None:
    # One connection at 100 requests a second; the server stops for a second after the tenth.
    intended = schedule(100.0, 2.0)
    answered = intended + 0.001
    answered[10:] = np.maximum(answered[10:], 1.1)
    found = load_of(intended, answered, refused=0)
    assert found.percentile_ms(50) == pytest.approx(1.0)
    assert found.percentile_ms(99) == pytest.approx(980.0)
    assert (found.latencies_s > 0.505).sum() == 50  # a closed loop would tell one slow answer


def test_a_percentile_is_a_latency_that_was_seen() -> None:
    found = Load(np.array([0.003, 0.001, 0.002, 0.010]), refused=0, seconds=1.0)
    assert found.percentile_ms(50) == 2.0
    assert found.percentile_ms(75) == 3.0
    assert found.percentile_ms(75.1) == 10.0
    assert found.percentile_ms(100) == 10.0


def test_a_request_without_an_answer_counts_as_infinite() -> None:
    found = load_of(np.array([0.0, 0.1]), np.array([0.05, np.inf]), refused=1)
    assert found.answered == 1
    assert found.percentile_ms(99) == np.inf
    assert found.seconds == 0.1


@pytest.mark.parametrize("cut", range(1, len(ANSWER)))
def test_an_answer_is_whole_only_with_its_last_byte(cut: int) -> None:
    assert whole_answer(ANSWER[:cut]) is None
    assert whole_answer(ANSWER) == 200


def test_an_answer_in_chunks_is_read_to_its_end() -> None:
    head = b"HTTP/1.1 503 Busy\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n"
    assert whole_answer(head) is None
    assert whole_answer(head + b"0\r\n\r\n") == 503


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """A server of one connection that gives the same answer to every request."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            one, _ = listener.accept()
            with one, suppress(ConnectionResetError):  # the generator leaves in the middle
                while received := one.recv(65_536):
                    one.sendall(answer * received.count(b"POST "))

        thread = threading.Thread(target=run)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def test_an_open_loop_asks_as_often_as_scheduled() -> None:
    with answering(ANSWER) as port:
        found = open_loop(port, [post("/", b"{}")], rate=500.0, seconds=0.1, connections=1)
    assert len(found.latencies_s) == found.answered == 50
    assert (found.latencies_s > 0.0).all()


def test_the_loop_in_python_asks_the_same() -> None:
    with answering(ANSWER) as port:
        found = plain_loop(port, [post("/", b"{}")], schedule(500.0, 0.1), 1)
    assert len(found.latencies_s) == found.answered == 50
    assert (found.latencies_s > 0.0).all()


def test_a_connection_that_is_closed_under_load_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def close() -> None:
            one, _ = listener.accept()
            one.close()

        thread = threading.Thread(target=close)
        thread.start()
        with pytest.raises(ConnectionError):
            open_loop(port, [post("/", b"{}")], rate=500.0, seconds=0.1, connections=1)
        thread.join()


def test_an_answer_in_pieces_is_one_answer() -> None:
    def in_pieces() -> None:
        one, _ = listener.accept()
        with one, suppress(ConnectionResetError):
            while one.recv(65_536):
                for byte in ANSWER:
                    one.sendall(bytes([byte]))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=in_pieces)
        thread.start()
        port = listener.getsockname()[1]
        found = open_loop(port, [post("/", b"{}")], rate=200.0, seconds=0.05, connections=1)
        thread.join()
    assert found.answered == 10


def test_refusals_are_no_answers() -> None:
    with answering(ANSWER.replace(b"200", b"503")) as port:
        found = open_loop(port, [post("/", b"{}")], rate=500.0, seconds=0.02, connections=1)
    assert (found.answered, found.refused) == (0, 10)


def test_a_closed_loop_counts_its_answers() -> None:
    with answering(ANSWER) as port:
        answered, passed = closed_loop(port, [post("/", b"{}")], seconds=0.05, connections=1)
    assert answered > 0
    assert passed >= 0.05
