"""What a rule sees: the columns of a batch by their names, and the groups of legal actions.

Shapes: B decisions, A actions after padding, d context and p action features.
"""

from dataclasses import dataclass

import numpy as np

from nba.errors import InputError
from nba.listen.encode import FeatureSpec
from nba.types import Bools, Floats, Floats32


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A batch of decisions read by column name; InputError names a column the spec lacks."""

    spec: FeatureSpec
    context: Floats32  # (B, d)
    actions: Floats32  # (B, A, p)
    mask: Bools  # (B, A)

    def of_contact(self, column: str) -> Floats:
        """A context column, (B, 1)."""
        if column not in self.spec.context_names:
            raise InputError(_absent(self.spec.name, "context", column))
        return self.context[:, [self.spec.context_column(column)]].astype(np.float64)

    def of_action(self, column: str) -> Floats:
        """An action column, (B, A)."""
        if column not in self.spec.action_names:
            raise InputError(_absent(self.spec.name, "action", column))
        return self.actions[:, :, self.spec.action_column(column)].astype(np.float64)

    def legal(self, kind: str) -> Bools:
        """The legal actions of a kind, (B, A)."""
        return np.asarray(self.mask & (self.of_action(f"kind={kind}") == 1.0))

    @property
    def idle(self) -> Bools:
        """The employees who wait for work, (B, A)."""
        return np.asarray(self.legal("employee") & (self.of_action("idle_s") > 0.0))

    @property
    def speaking(self) -> Bools:
        """The actions in the customer's language, (B, A)."""
        return np.asarray(self.of_action("language_match") == 1.0)

    @property
    def soon(self) -> Floats:
        """The shorter the expected wait the larger, (B, A)."""
        return -self.of_action("expected_wait_s")

    @property
    def rate(self) -> Floats:
        """Contacts finished per second, 1 / expected handling time, (B, A)."""
        return np.asarray(1.0 / np.maximum(self.of_action("expected_handle_s"), 1.0))


def _absent(spec: str, side: str, column: str) -> str:
    return f"spec {spec!r} has no {side} column {column!r}, which this rule reads; use another rule"
