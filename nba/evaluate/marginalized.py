"""Weights of what an action is like instead of which action it is.

Employees who never served in the log have no weight of their own, but others like them did: the
weight is of an action's embedding, a number that actions of one kind and skill share.
Sources: Saito & Joachims 2022 (MIPS); Saito, Ren, Joachims 2023 (OffCEM).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from nba.errors import InputError
from nba.evaluate.check import kind_columns, validate_log, validate_target
from nba.evaluate.doubly_robust import dr
from nba.evaluate.estimand import Estimand
from nba.evaluate.stats import Statistics
from nba.evaluate.weighting import ips
from nba.listen.blocks import chosen_flat
from nba.types import DecisionLog, Estimate, Floats, Ints

MIPS: Final[Estimand] = replace(ips.estimand, name="mips")
OFFCEM: Final[Estimand] = replace(dr.estimand, name="offcem")


@dataclass(frozen=True, slots=True)
class Embedding:
    """Which actions count as alike: the same kind, and the same bin of each named feature."""

    edges: Mapping[str, Floats]  # action column → ascending inner edges of its bins

    def codes(self, log: DecisionLog) -> Ints:
        """A number per logged action, (m,), equal for actions that are alike."""
        codes = np.zeros(len(log.actions), dtype=np.int64)
        for place, is_kind in enumerate(kind_columns(log).values(), start=1):
            codes[is_kind] = place
        for name, edges in self.edges.items():
            values = log.actions[:, log.action_names.index(name)]
            codes = codes * (len(edges) + 1) + np.searchsorted(edges, values, side="right")
        return codes


def make_embedding(log: DecisionLog, columns: Sequence[str], *, bins: int = 4) -> Embedding:
    """An embedding whose bins hold about equally many of the log's actions.

    Raises InputError for an action column that the log does not have.
    """
    absent = [name for name in columns if name not in log.action_names]
    if absent:
        raise InputError(
            f"the log has no action feature {absent[0]!r}; it has {', '.join(log.action_names)}"
        )
    inner = np.linspace(0.0, 1.0, bins + 1)[1:-1]
    return Embedding(
        {
            name: np.unique(np.quantile(log.actions[:, log.action_names.index(name)], inner))
            for name in columns
        }
    )


def mips_weights(
    log: DecisionLog, target: Floats, logging: Floats, embedding: Ints
) -> tuple[Floats, float]:
    """Each row's weight (n,), and the share of the target's choices that the log cannot judge.

    The weight is the probability of the chosen action's embedding under the target over that
    under the logging policy; `target` and `logging` are (m,) probabilities of all actions, and
    `embedding` (m,) equal numbers for actions that are alike. Unjudged are embeddings that the
    logging policy gave no probability. Raises InputError naming a faulty row.
    """
    validate_target(log, target)
    validate_target(log, logging)
    if embedding.shape != target.shape:
        raise InputError(
            f"embedding has shape {embedding.shape}; {len(target)} numbers are needed, one for "
            "each logged action"
        )
    row = np.repeat(np.arange(len(log)), np.diff(log.offsets))
    names, codes = np.unique(embedding, return_inverse=True)
    _, pair = np.unique(row * len(names) + codes, return_inverse=True)
    asked, given = np.bincount(pair, target), np.bincount(pair, logging)
    chosen = pair[chosen_flat(log)]
    if (given[chosen] <= 0).any():
        bad = int(np.flatnonzero(given[chosen] <= 0)[0])
        raise InputError(
            f"row {bad} chose an action that `logging` gives no probability; give the "
            "probabilities of the policy that wrote the log"
        )
    return asked[chosen] / given[chosen], float(asked[given <= 0].sum() / len(log))


def mips(
    log: DecisionLog,
    target: Floats,
    *,
    logging: Floats,
    embedding: Ints,
    reward_predictions: Floats | None = None,
    level: float = 0.95,
) -> Estimate:
    """The target's expected reward in EUR per decision, by the weights of embeddings.

    With `reward_predictions` (m,) the errors of a model are weighted instead of the rewards
    (OffCEM). Unbiased if rewards depend on the action through its embedding alone (MIPS), or if
    the model is right about differences between actions that are alike (OffCEM).
    """
    validate_log(log)
    weight, unjudged = mips_weights(log, target, logging, embedding)
    statistics = Statistics()
    statistics.update(log, target, reward_predictions=reward_predictions, weight=weight)
    estimand = MIPS if reward_predictions is None else OFFCEM
    found = statistics.finalize(estimand, level=level)
    return replace(found, diagnostics={**found.diagnostics, "unsupported_share": unjudged})
