"""Many decisions at once, in columns: scored together, drawn each by its own id.

Only what is common is decided so: the default use case's policy acts, the customers consented, and
the requests have nothing but context, actions and ids. Everything else goes row by row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np

from nba.act.decide import draw_many
from nba.types import ACTION_KINDS, Bools, Floats, Floats32, Ints, Policy
from serving.journal.batch_rows import Removed
from serving.journal.records import BatchRecord
from serving.journal.text_column import TextColumn, TextRun
from serving.policies.served import Served

Kinds = np.ndarray[tuple[int], np.dtype[np.uint8]]
NO_IDS: Final = TextColumn()


@dataclass(frozen=True, slots=True)
class Columns:
    """Requests encoded by one spec: B of them, with N actions in all, one at least each."""

    units: TextRun  # (B,)
    ids: TextRun | None  # (B,) of the caller; None: they are made here
    context: Floats32  # (B, d)
    sizes: Ints  # (B,)
    action_ids: TextRun  # (N,)
    kinds: Kinds  # (N,) index into ACTION_KINDS
    actions: Floats32  # (N, p)
    starts: Ints  # (B + 1,) offsets into the actions
    unavailable: Mapping[int, Mapping[int, str]]  # request → its action's place → caller's reason

    def __len__(self) -> int:
        return len(self.sizes)

    def part(self, start: int, stop: int) -> "Columns":
        """The requests [start, stop)."""
        first, last = int(self.starts[start]), int(self.starts[stop])
        return Columns(
            self.units.part(start, stop),
            None if self.ids is None else self.ids.part(start, stop),
            self.context[start:stop],
            self.sizes[start:stop],
            self.action_ids.part(first, last),
            self.kinds[first:last],
            self.actions[first:last],
            self.starts[start : stop + 1] - first,
            {i - start: self.unavailable[i] for i in range(start, stop) if i in self.unavailable}
            if self.unavailable
            else self.unavailable,
        )


def decide_together(
    columns: Columns, served: Served, *, name: str, ids: Sequence[str], now: float
) -> BatchRecord:
    """The decisions of these requests, as the journal keeps them: their `ids`, the batch's `name`.

    Raises whatever the policy or a rule raises: then each is to be decided by itself.
    """
    policy = served.loaded.policy
    keep, removed = _eligible(columns, served)
    rows, sizes = columns.actions, columns.sizes
    if keep is not None:
        rows, sizes = rows[keep], np.add.reduceat(keep, columns.starts[:-1], dtype=np.int64)
    probabilities, mask = probabilities_of(policy, columns.context, rows, sizes)
    chosen, _ = draw_many(probabilities, decision_ids=ids, version=policy.version)
    return BatchRecord(
        name=name,
        at=now,
        units=columns.units.column(),
        ids=columns.ids.column() if columns.ids else NO_IDS,
        gone=bytes(len(columns)),
        policy=policy.name,
        policy_version=policy.version,
        spec_version=served.parts.reader.spec.version,
        sizes=columns.sizes.astype("<u2").tobytes(),
        chosen=chosen.astype("<u2").tobytes(),
        action_ids=columns.action_ids.column(),
        kinds=columns.kinds.tobytes(),
        keep=b"" if keep is None else keep.tobytes(),
        removed=removed,
        probabilities=flat(probabilities, mask).astype("<f8", copy=False).tobytes(),
        context=columns.context.tobytes(),
        actions=columns.actions.tobytes(),
    )


def probabilities_of(
    policy: Policy, context: Floats32, rows: Floats32, sizes: Ints
) -> tuple[Floats, Bools]:
    """The probabilities of decisions whose eligible actions (M, p) follow each other.

    (B, A) with the mask of what is no padding: a function of these arrays to the bit, so a replay
    of the same batch gives the same.
    """
    most = int(sizes.max())
    mask = np.arange(most) < sizes[:, None]
    if len(rows) == mask.size:
        padded = rows.reshape(*mask.shape, -1)
    else:
        padded = np.zeros((*mask.shape, rows.shape[1]), dtype=np.float32)
        padded[mask] = rows
    return policy.batch_probabilities(context, padded, mask), mask


def flat(values: Floats, mask: Bools) -> Floats:
    """The entries that are no padding, row after row."""
    return values.reshape(-1) if mask.all() else values[mask]


def _eligible(columns: Columns, served: Served) -> tuple[Bools | None, list[tuple[int, bytes]]]:
    """Which actions stay, (N,) or None for all, and what was removed of which row."""
    rules, starts = served.rules, columns.starts
    suspects = rules.suspects(columns.context, columns.actions, starts[:-1])
    suspects[list(columns.unavailable)] = True
    if not suspects.any():
        return None, []
    keep = np.ones(len(columns.actions), dtype=np.bool_)
    removed: list[tuple[int, bytes]] = []
    for row in np.flatnonzero(suspects).tolist():
        start, stop = int(starts[row]), int(starts[row + 1])
        kinds = [ACTION_KINDS[code] for code in columns.kinds[start:stop]]
        applied = rules.apply(
            columns.context[row],
            columns.actions[start:stop],
            kinds,
            unavailable=columns.unavailable.get(row),
        )
        if applied.keep is None and "way_out" not in applied.funnel:
            continue
        if applied.keep is not None:
            keep[start:stop] = applied.keep
        names = columns.action_ids.part(start, stop).texts()
        excluded = {names[place]: why for place, why in applied.removed.items()}
        removed.append((row, msgspec.json.encode(Removed(excluded, applied.funnel))))
    return (None if keep.all() else keep), removed
