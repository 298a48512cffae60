"""A row of a batch told as a decision that came alone: with its request and its reasons.

A batch's record holds the numbers only. The request is put into words by the feature spec; the
reasons and the predicted rewards follow from the numbers and the policy.
"""

import msgspec
import numpy as np

from nba.act.eligibility import UNAVAILABLE
from nba.listen.encode import FeatureSpec, Value
from nba.types import ACTION_KINDS, Floats32
from serving.journal.batch_rows import action_rows, contexts, decision_in, spans_of
from serving.journal.records import BatchRecord, DecisionRecord, float32s, float64s
from serving.journal.text_column import texts_in
from serving.path.asked import Asked, Reader
from serving.policies.served import Served


def request_of(batch: BatchRecord, row: int, spec: FeatureSpec) -> bytes:
    """A request that is encoded to the numbers of this row."""
    sent = spans_of(batch).sent
    start, stop = int(sent[row]), int(sent[row + 1])
    names = texts_in(batch.action_ids, start, stop)
    excluded = decision_in(batch, row).excluded
    actions = [
        {
            "id": name,
            "kind": ACTION_KINDS[kind],
            "features": _named_action(values, spec),
            **_unavailable(excluded.get(name, "")),
        }
        for name, kind, values in zip(
            names, batch.kinds[start:stop], action_rows(batch)[start:stop], strict=True
        )
    ]
    request: dict[str, object] = {
        "customer": {"id": texts_in(batch.units, row, row + 1)[0]},
        "context": _present(spec.name_context(_short(contexts(batch)[row]))),
        "actions": actions,
    }
    if len(batch.ids):
        request["decision_id"] = texts_in(batch.ids, row, row + 1)[0]
    return msgspec.json.encode(request)


def told_in_full(
    batch: BatchRecord, row: int, spec: FeatureSpec, served: Served | None
) -> DecisionRecord:
    """The decision of a row; without reasons if its policy is not here any more."""
    record = decision_in(batch, row)
    changes: dict[str, object] = {"request": request_of(batch, row, spec)}
    if served is not None:
        start = int(spans_of(batch).sent[row])
        sent = action_rows(batch)[start : int(spans_of(batch).sent[row + 1])]
        keep = spans_of(batch).keep[start : start + len(sent)]
        codes = np.frombuffer(batch.kinds, dtype=np.uint8)[start : start + len(sent)][keep]
        changes |= _explained(record, [ACTION_KINDS[code] for code in codes], served)
    return msgspec.structs.replace(record, **changes)


def same_numbers(told: bytes, body: bytes, reader: Reader) -> bool:
    """Whether a request is the one that `request_of` tells, as far as the numbers go."""
    one, other = (reader.read(each, max_actions=2**16) for each in (told, body))
    heads = [_head(each) for each in (one, other)]
    return heads[0] == heads[1] and all(
        mine.tobytes() == theirs.tobytes()
        for mine, theirs in ((one.context, other.context), (one.actions, other.actions))
    )


def _head(asked: Asked) -> tuple[object, ...]:
    head = asked.head
    return (
        head.customer.id, head.customer.consent, head.use_case, head.baseline, head.roster,
        head.deferred, dict(head.levers), asked.ids, asked.kinds, dict(asked.unavailable),
    )  # fmt: skip


def _explained(record: DecisionRecord, kinds: list[str], served: Served) -> dict[str, object]:
    chooser = served.parts.policy
    rows = float32s(record.actions).reshape(len(kinds), -1)
    _, rewards = chooser.decide(float32s(record.context), rows)
    told = None if rewards is None else rewards.tolist()
    shares = float64s(record.probabilities).tolist()
    why = chooser.explainer.why(kinds, rows, record.chosen, shares, told)
    own = b"" if rewards is None else rewards.astype("<f8", copy=False).tobytes()
    return {"why": list(why), "rewards": own}


def _unavailable(why: str) -> dict[str, str]:
    """The caller's own reason, if that is why an action was removed."""
    own, _, reason = why.partition(": ")
    return {"unavailable": reason} if own == UNAVAILABLE else {}


def _named_action(row: Floats32, spec: FeatureSpec) -> dict[str, Value]:
    values = _present(spec.name_action(_short(row)))
    del values["kind"]
    return values


def _present(values: dict[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in values.items() if value is not None}


def _short(row: Floats32) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The numbers with as few digits as tell them apart from any other: most likely as sent."""
    return np.array([float(str(value)) for value in row], dtype=np.float64)
