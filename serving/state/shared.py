"""State that several machines share: facts go to a stream in Redis, and come from it to all.

The journals of one machine's workers tell each other already; this is for more than one machine.
The journal stays what is promised: a fact is acknowledged when it is durable there, and reaches
the others as soon as Redis can be reached. A fact that comes twice changes nothing.
"""

import threading
from collections import deque
from contextlib import suppress
from importlib import import_module
from queue import Empty, Queue
from typing import Any, Final

import msgspec

from nba.errors import InputError, MissingExtraError
from serving.journal.records import EVENT, EventRecord, decode_record, kind_of

STREAM: Final = "nba:facts"
FIELD: Final = b"fact"
_MOST: Final = 1_000_000  # facts that the stream keeps, about
_PAGE: Final = 1_000
_WAIT_MS: Final = 500  # how long one looks for news before looking whether to stop
_RETRY_S: Final = 0.2


class Shared:
    """The stream of one server: what it says is told by one thread, what others say by another."""

    def __init__(self, url: str) -> None:
        """Starts the threads; Redis may come later. Raises InputError for an address of none."""
        self._redis = _library()
        self._connection = _connected(self._redis, url)
        self.up = False  # as the last call found it
        self._out: Queue[bytes] = Queue()
        self._in: deque[bytes] = deque()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=work, name=f"shared state, {name}", daemon=True)
            for name, work in (("told", self._tell), ("heard", self._hear))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """How many facts have not reached Redis yet."""
        return self._out.unfinished_tasks

    def tell(self, payload: bytes) -> None:
        """Pass a fact on, in its turn."""
        self._out.put(payload)

    def news(self) -> list[bytes]:
        """The facts that have come since, this server's own among them."""
        found = []
        while self._in:
            found.append(self._in.popleft())
        return found

    def close(self) -> None:
        """Stop; what has not reached Redis by now is told at the next start."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._connection.close()

    def _tell(self) -> None:
        while not self._stop.is_set():
            try:
                payload = self._out.get(timeout=_WAIT_MS / 1000)
            except Empty:
                continue
            while not self._sent(payload) and not self._stop.wait(_RETRY_S):
                pass
            self._out.task_done()

    def _sent(self, payload: bytes) -> bool:
        try:
            self._connection.xadd(STREAM, {FIELD: payload}, maxlen=_MOST, approximate=True)
        except (self._redis.RedisError, OSError):
            self.up = False
            return False
        self.up = True
        return True

    def _hear(self) -> None:
        last = "0-0"
        while not self._stop.is_set():
            try:
                found = self._connection.xread({STREAM: last}, count=_PAGE, block=_WAIT_MS)
                self.up = True
            except (self._redis.RedisError, OSError):
                self.up = False
                self._stop.wait(_RETRY_S)
                continue
            for _, entries in found.items() if isinstance(found, dict) else found or ():
                for name, fields in _flat(entries):
                    last = name
                    if FIELD in fields:
                        self._in.append(fields[FIELD])


def forget_shared(url: str, customer_id: str) -> int:
    """How many events of a customer have left the stream; raises InputError without Redis."""
    redis = _library()
    lost, last = 0, "-"
    connection = _connected(redis, url)
    try:
        while entries := connection.xrange(STREAM, min=last, count=_PAGE):
            mine = [name for name, fields in entries if _is_of(fields.get(FIELD), customer_id)]
            lost += connection.xdel(STREAM, *mine) if mine else 0
            last = f"({_text(entries[-1][0])}"
    except (redis.RedisError, OSError) as error:
        raise InputError(f"{url} cannot be asked ({error}); is Redis running there?") from error
    finally:
        connection.close()
    return lost


def _is_of(payload: bytes | None, customer_id: str) -> bool:
    if payload is None or kind_of(payload) != EVENT:
        return False
    with suppress(InputError, msgspec.MsgspecError):
        record = decode_record(payload)
        return isinstance(record, EventRecord) and record.customer == customer_id
    return False


def _flat(entries: Any) -> list[tuple[str, dict[bytes, bytes]]]:  # noqa: ANN401 of two protocols
    """The entries of a stream, in the form of either version of Redis's protocol."""
    if entries and isinstance(entries[0], list) and isinstance(entries[0][0], list | tuple):
        entries = [entry for page in entries for entry in page]
    return [(_text(name), dict(fields)) for name, fields in entries]


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name


def _library() -> Any:  # noqa: ANN401 it is there only if its extra is installed
    try:
        return import_module("redis")
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "shared state needs redis, which is not installed; run: pip install 'nba-engine[redis]'"
        ) from error


def _connected(redis: Any, url: str) -> Any:  # noqa: ANN401 as above
    try:
        return redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=2)
    except ValueError as error:
        raise InputError(f"shared_state is {url!r} ({error}); write redis://host:6379/0") from error
