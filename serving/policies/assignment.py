"""Who gets which policy: the active one, the canary, or as a held-out customer the safe rule.

Shares are taken by a keyed hash of the customer, so the same customer gets the same side on every
worker, and the side says nothing about the customer.
Sources: Kohavi et al. 2007 (assignment by hash); Bottou et al. 2013 (always-on holdout).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

import numpy as np

from nba.types import Bools
from serving.policies.plan import Mode, UseCase
from serving.policies.served import Served, ruled

Control = Literal["", "holdout", "canary"]


@dataclass(frozen=True, slots=True)
class Assignment:
    """What decides for one customer, and what is scored beside it.

    mode "off": the rules answer; "shadow": the rules or the caller's baseline answer and `served`
    is scored; "apprentice": the caller's baseline answers and `served` is scored; "online":
    `served` acts, or its safe rule if `control` is "holdout".
    """

    served: Served
    rule: Served  # with its safe rule as the policy
    control: Control = ""
    shadows: tuple[Served, ...] = ()
    mode: Mode = "online"
    plain: bool = False  # the policy acts, on nobody's special side, and nothing watches

    @property
    def alone(self) -> bool:
        """Does its policy act, as the active one or the canary, with nothing that watches?"""
        return self.plain or (self.control == "canary" and not self.shadows)


@dataclass(frozen=True, slots=True)
class Lane:
    """The ready-made assignments of one use case."""

    plain: Assignment
    holdout: Assignment
    canary: Assignment
    holdout_share: float
    canary_share: float
    holdout_key: bytes
    canary_key: bytes

    @property
    def shares(self) -> bool:
        """Has any customer a special side?"""
        return bool(self.holdout_share or self.canary_share)

    def plain_for(self, customers: Sequence[str]) -> Bools:
        """(n,): whose side is nobody's special one."""
        if not self.shares:
            return np.ones(len(customers), dtype=np.bool_)
        found = (self.assignment(customer) is self.plain for customer in customers)
        return np.fromiter(found, np.bool_, len(customers))

    def assignment(self, customer: str) -> Assignment:
        """The customer's side; the same for everyone if nothing is shared out."""
        if self.holdout_share and share_of(customer, self.holdout_key) < self.holdout_share:
            return self.holdout
        if self.canary_share and share_of(customer, self.canary_key) < self.canary_share:
            return self.canary
        return self.plain


def make_lane(name: str, use: UseCase, loaded: Mapping[str, Served]) -> Lane:
    """The lane of a use case. Sides exist online only: in other modes no policy acts.

    The holdout's key knows only the use case, so the same customers are held out for good; a
    canary's key knows its version too, so the next canary is tried on others.
    """
    active = loaded[use.active]
    shadows = tuple(loaded[version] for version in use.shadows)
    online = use.mode == "online"
    version = use.active if use.canary is None else use.canary.version
    rule = ruled(active)
    plain = online and not shadows
    return Lane(
        plain=Assignment(active, rule, "", shadows, use.mode, plain),
        holdout=Assignment(active, rule, "holdout", shadows, use.mode),
        canary=Assignment(loaded[version], ruled(loaded[version]), "canary", shadows, use.mode),
        holdout_share=use.holdout if online else 0.0,
        canary_share=use.canary.share if online and use.canary is not None else 0.0,
        holdout_key=_key(f"holdout {name}"),
        canary_key=_key(f"canary {name} {version}"),
    )


def share_of(customer: str, key: bytes) -> float:
    """A number in [0, 1) that is the customer's own under this key."""
    digest = blake2b(customer.encode("utf-8", "surrogatepass"), digest_size=7, key=key).digest()
    return int.from_bytes(digest, "big") / 2**56


def _key(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=32).digest()
