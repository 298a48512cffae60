"""The customers' profiles in memory: made from events, the longest untouched ones let go."""

from collections import OrderedDict
from typing import Final

from nba.listen.profile import Profile
from serving.journal.records import EventRecord

_KEYS: Final = 100_000  # of events that are told apart if they come twice


class Customers:
    """Profiles by customer; at most so many, of the customers that were heard of last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._profiles: OrderedDict[str, Profile] = OrderedDict()
        self._seen: OrderedDict[str, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._profiles)

    def get(self, customer: str) -> Profile | None:
        """What is known of a customer."""
        return self._profiles.get(customer)

    def names(self) -> list[str]:
        """The customers that something is known of."""
        return list(self._profiles)

    def drop(self, customer: str) -> None:
        """Let go of what is known of a customer."""
        self._profiles.pop(customer, None)

    def note(self, event: EventRecord) -> None:
        """Take in an event, once."""
        if event.key in self._seen:
            return
        self._seen[event.key] = None
        if len(self._seen) > _KEYS:
            self._seen.popitem(last=False)
        profile = self._profiles.get(event.customer)
        if profile is None:
            profile = self._profiles[event.customer] = Profile()
            if len(self._profiles) > self._most:
                self._profiles.popitem(last=False)
        else:
            self._profiles.move_to_end(event.customer)
        profile.note(event.what, event.at, event.data)
