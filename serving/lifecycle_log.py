"""What happens to a server, a line an event: for people, or as JSON for a log collector.

No body, key or customer is ever in it: callers hand over versions, counts, times and causes only.
"""

import time
from dataclasses import dataclass
from typing import Final, Literal, get_args

import msgspec

from nba.terminal import note

LogFormat = Literal["text", "json"]
LOG_FORMATS: Final[tuple[str, ...]] = get_args(LogFormat)


@dataclass(frozen=True, slots=True)
class LifecycleLog:
    """Writes to stderr."""

    form: str = "text"
    worker: int = 0

    def tell(self, event: str, text: str = "", **fields: str | float) -> None:
        """One line about an event: `text` for people, or the event and its fields."""
        if self.form == "json":
            at = round(time.time(), 3)
            told = {"at": at, "event": event, "worker": self.worker, **fields}
            if text:
                told["text"] = text
            note(msgspec.json.encode(told).decode())
        else:
            inner = ", ".join(f"{name} {value}" for name, value in fields.items())
            note(text or (f"{event.replace('_', ' ')}: {inner}" if inner else event))
