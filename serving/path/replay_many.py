"""Replay of a batch: all its rows scored together again, as they were, and each compared.

Rows of forgotten customers are zeros now, which changes nothing in the others' numbers. Reasons are
not in the record: they are told from these numbers whenever somebody asks.
"""

import numpy as np

from nba.act.decide import draw_many
from serving.journal.batch_rows import action_rows, contexts, row_ids, spans_of
from serving.journal.records import BatchRecord, float64s
from serving.path.many import flat, probabilities_of
from serving.path.replay import Difference
from serving.policies.served import Served


def replay_many(batch: BatchRecord, served: Served) -> list[Difference]:
    """What differs between a batch's record and its replay; nothing if all is reproduced."""
    policy, spec = served.loaded.policy, served.loaded.card.spec
    ids = row_ids(batch)
    for what, recorded, here in (
        ("policy version", batch.policy_version, policy.version),
        ("feature spec", batch.spec_version, spec.version),
    ):
        if recorded != here:
            return [Difference(name, what, recorded, here) for name in ids]
    spans = spans_of(batch)
    rows, sizes = action_rows(batch)[spans.keep], np.diff(spans.eligible)
    probabilities, mask = probabilities_of(policy, contexts(batch), rows, sizes)
    chosen, _ = draw_many(probabilities, decision_ids=ids, version=policy.version)
    again, logged = flat(probabilities, mask), float64s(batch.probabilities)
    actions = np.frombuffer(batch.chosen, dtype="<u2").tolist()
    found: list[Difference] = []
    for row, name in enumerate(ids):
        if batch.gone[row]:
            continue
        own = slice(spans.eligible[row], spans.eligible[row + 1])
        if again[own].tobytes() != logged[own].tobytes():
            told = [str(values[own].tolist()) for values in (logged, again)]
            found.append(Difference(name, "probabilities", *told))
        if int(chosen[row]) != actions[row]:
            told = [str(actions[row]), str(int(chosen[row]))]
            found.append(Difference(name, "action", *told))
    return found
