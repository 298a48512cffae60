"""Attempts at serving contacts, in columns: what a decision log and a table of contacts share.

One row per attempt (a decision with what came of it). A table of contacts has one attempt per
contact, by an employee. What the source does not tell is NaN, or −1 for a code.
"""

from dataclasses import dataclass, fields

import numpy as np

from nba.types import Bools, Floats, Ints, Texts

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Contacts:
    """Attempts in order of time; times are wall-clock seconds, so a day is `at // 86400`."""

    at: Floats  # (n,) s
    centre: Ints  # (n,) code; a log may hold several centres of one kind
    opens: Bools  # (n,) the first attempt of the customer that day: an arrival
    kind: Texts  # (n,) kind of action: employee, queue, chat_bot, …
    employee: Ints  # (n,) code of the employee who was named
    customer: Ints  # (n,)
    contact_no: Floats  # (n,) earlier contacts of the issue
    intent: Ints  # (n,) code, as guessed or recorded
    confidence: Floats  # (n,) that the intent is right
    voice: Floats  # (n,) 1 voice, 0 chat
    tier: Ints  # (n,) 0 low, 1 middle, 2 high
    second_language: Floats  # (n,) 1 if some employee does not speak the customer's language
    wait_s: Floats  # (n,) until answer or abandonment
    handle_s: Floats  # (n,) 0 where nobody answered
    abandoned: Floats  # (n,)
    resolved: Floats  # (n,) 1 or 0
    csat: Floats  # (n,)
    complexity: Floats  # (n,) noisy estimate, as observed
    sentiment: Floats  # (n,) the same
    affinity: Floats  # (n,) the same
    skill: Floats  # (n,) of the chosen employee for the guessed intent, as believed
    skill_mean: Floats  # (n,) over intents
    language_match: Floats  # (n,)
    occupancy: Floats  # (n,) of the chosen employee, share of the last hour
    in_hand: Floats  # (n,) contacts that the chosen employee had already
    idle: Bools  # (n,) the chosen employee was free: answered at once, by the one named
    tried_bot: Bools  # (n,) a bot or content was tried before in this contact
    called_back: Bools  # (n,) the centre got in touch before or now, after a callback or unasked
    let_go: Bools  # (n,) gave up waiting, and a moment later nobody got in touch: it ended then
    next_at: Floats  # (n,) time of the next attempt in the same contact
    returned_at: Floats  # (n,) time of the customer's next contact, after the last attempt of one

    def __len__(self) -> int:
        return len(self.at)

    @property
    def day(self) -> Ints:
        """The calendar day of each attempt, (n,)."""
        return np.floor_divide(self.at, DAY_S).astype(np.int64)

    @property
    def human(self) -> Bools:
        """Attempts given to an employee or to the shared queue, (n,)."""
        return np.isin(self.kind.astype(str), ("employee", "queue"))

    @property
    def served(self) -> Bools:
        """Attempts that an employee handled to the end, (n,)."""
        return self.human & (self.handle_s > 0.0)

    def take(self, rows: Ints | Bools) -> "Contacts":
        """The same columns at some rows."""
        return Contacts(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def unknown(n: int) -> dict[str, Floats | Ints | Bools | Texts]:
    """Every column of n attempts of which nothing but their number is known."""
    found: dict[str, Floats | Ints | Bools | Texts] = {}
    for f in fields(Contacts):
        if f.type is Ints:
            found[f.name] = np.full(n, -1, dtype=np.int64)
        elif f.type is Bools:
            found[f.name] = np.zeros(n, dtype=np.bool_)
        elif f.type is Texts:
            found[f.name] = np.full(n, "employee", dtype=object)
        else:
            found[f.name] = np.full(n, np.nan)
    return found
