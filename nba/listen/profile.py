"""A customer's profile: what their events say that a decision can use, at any later moment."""

from dataclasses import dataclass
from typing import Final

from nba.listen.events import Datum

WEEK_S: Final = 7 * 86_400.0
JOURNEY_S: Final = 30 * 86_400.0  # an issue nobody came back for is over
SENTIMENT_HALF_LIFE_S: Final = 3_600.0  # a mood passes
_MOST_TIMES: Final = 100  # the features' upper end


@dataclass(slots=True)
class Profile:
    """What is known of one customer; times are seconds since the epoch."""

    touched: tuple[float, ...] = ()  # when we turned to them, the last week's
    contacts: int = 0  # that they made about the present issue
    contact_at: float = 0.0  # the last one
    channel: str = ""
    sentiment: float = 0.0
    sentiment_at: float = 0.0
    consent: bool = True

    def note(self, kind: str, at: float, data: dict[str, Datum]) -> None:
        """Take in an event; those that come late count by their own time."""
        if kind == "contact_out":
            recent = [t for t in (*self.touched, at) if t > at - WEEK_S]
            self.touched = tuple(sorted(recent)[-_MOST_TIMES:])
        elif kind == "contact_in":
            if at > self.contact_at + JOURNEY_S:
                self.contacts = 0
            self.contacts = min(self.contacts + 1, _MOST_TIMES)
            self.contact_at = max(self.contact_at, at)
            self.channel = str(data.get("channel", self.channel))
        elif kind == "message":
            if at >= self.sentiment_at:  # the newest words count
                self.sentiment, self.sentiment_at = float(data["sentiment"]), at
        elif kind == "resolved":
            self.contacts = 0
        elif kind == "consent":
            self.forget()
            self.consent = bool(data["granted"])

    def forget(self) -> None:
        """Nothing is known any more, but whether the customer consents."""
        self.touched, self.contacts, self.contact_at, self.channel = (), 0, 0.0, ""
        self.sentiment = self.sentiment_at = 0.0

    def features(self, now: float) -> dict[str, float | str]:
        """Context features by name, as they stand now, if anything is known of them."""
        found: dict[str, float | str] = {
            "touches_7d": float(sum(now - WEEK_S < t <= now for t in self.touched)),
            "contacts_in_journey": float(self.contacts) if self._in_journey(now) else 0.0,
        }
        if self.sentiment_at:
            halves = max(0.0, now - self.sentiment_at) / SENTIMENT_HALF_LIFE_S
            found["sentiment_estimate"] = self.sentiment * 0.5**halves
        if self.channel and self._in_journey(now):
            found["channel"] = self.channel
        return found

    def _in_journey(self, now: float) -> bool:
        return self.contacts > 0 and now <= self.contact_at + JOURNEY_S
