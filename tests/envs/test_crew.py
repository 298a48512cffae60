"""Parts are done side by side, each once a turn, and the threads end with the crew."""

import gc
import threading

from envs.crew import Crew


def test_every_part_is_done_once_a_turn_and_the_largest_code_is_told() -> None:
    done: list[int] = []

    def work(part: int) -> int:
        done.append(part)
        return part

    crew = Crew(work, [(1,), (3,), (2,)])
    for turn in range(1, 20):
        assert crew.run() == 3
        assert sorted(done) == sorted([1, 2, 3] * turn)


def test_a_crew_of_one_needs_no_thread() -> None:
    before = set(threading.enumerate())
    crew = Crew(int, [(7,)])
    assert crew.run() == 7
    assert not set(threading.enumerate()) - before


def test_threads_end_with_their_crew() -> None:
    before = set(threading.enumerate())
    crew = Crew(int, [(0,), (1,)])
    assert crew.run() == 1
    (thread,) = set(threading.enumerate()) - before
    del crew
    gc.collect()
    thread.join(timeout=10.0)
    assert not thread.is_alive()
