"""A target as a table: per decision and action its probability, or a score to be made into one."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from nba.errors import InputError
from nba.evaluate.flat_evaluation import FlatTarget
from nba.listen.flat_log import FlatLog
from nba.listen.foreign import table_columns
from nba.types import Bools, DecisionLog, Floats, Ints, Texts

SUFFIXES: Final = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson")
_ID: Final = ("decision_id", "event_id", "id")
_ACTION: Final = ("action", "action_id", "item_id", "arm")
_PROBABILITY: Final = ("probability", "propensity", "target_propensity", "prob", "p")
_SCORE: Final = ("score", "value", "q")


@dataclass(frozen=True, slots=True)
class TargetTable:
    """(decision, action) → probability of a target policy."""

    name: str
    probability: Mapping[tuple[str, str], float]
    source: str

    def of_log(self, log: DecisionLog) -> Floats:
        """The probability of every logged action, (m,); InputError names a decision without."""
        ids = np.repeat(log.decision_id, np.diff(log.offsets))
        keys = zip(ids, log.action_ids, strict=True)
        found = np.array([self.probability.get(key, 0.0) for key in keys])
        totals = np.add.reduceat(found, log.offsets[:-1])
        wrong = np.flatnonzero(np.abs(totals - 1.0) > 1e-6)
        if len(wrong):
            row = int(wrong[0])
            raise InputError(
                f"{self.source} gives the actions of decision {log.decision_id[row]!r} (row {row}) "
                f"a total probability of {totals[row]:.4g}; it must be 1 over the logged actions"
            )
        return found

    def flat(self) -> FlatTarget:
        """The same for flat logs; InputError names a decision that the table does not have."""
        known = {decision for decision, _ in self.probability}

        def look_up(log: FlatLog) -> Floats:
            if log.decision_id is None:
                raise InputError(
                    f'{self.source} is a table by decision; give the map a "decision_id" column'
                )
            absent = next((i for i, d in enumerate(log.decision_id) if d not in known), None)
            if absent is not None:
                raise InputError(
                    f"{self.source} has no row for decision {log.decision_id[absent]!r} (row "
                    f"{log.first_row + absent}); it needs every decision of the log"
                )
            keys = zip(log.decision_id, log.action, strict=True)
            return np.array([self.probability.get(key, 0.0) for key in keys])

        return FlatTarget(self.name, look_up)


def read_target_table(path: Path, *, temperature: float = 0.0) -> TargetTable:
    """The table in a CSV, JSONL or Parquet file with decision_id, action, probability or score.

    Probabilities must sum to at most 1 within a decision. Of scores the greatest takes all (ties
    share), or they are weighed by exp(score / temperature). InputError names what is wrong.
    """
    found = table_columns(path)
    decision = found.texts(_pick(path, found.names, _ID))
    action = found.texts(_pick(path, found.names, _ACTION))
    chosen = next((name for name in _PROBABILITY if name in found.names), "")
    codes, order = _groups(decision)
    if chosen:
        probability = found.numbers(chosen)
        _refuse(path, probability, decision, (probability >= 0) & (probability <= 1 + 1e-9))
        totals = np.asarray(np.bincount(codes, weights=probability), dtype=np.float64)[codes]
        _refuse(path, totals, decision, totals <= 1 + 1e-6, what="a total probability")
    else:
        score = found.numbers(_pick(path, found.names, _SCORE))
        _refuse(path, score, decision, np.isfinite(score), what="a score")
        probability = _weigh(score, codes, order, temperature)
    keys = list(zip(decision, action, strict=True))
    table = dict(zip(keys, probability.tolist(), strict=True))
    if len(table) < len(keys):
        twice, _ = Counter(keys).most_common(1)[0]
        raise InputError(
            f"{path} has decision {twice[0]!r} with action {twice[1]!r} twice; keep one row each"
        )
    return TargetTable(path.stem, table, str(path))


def _pick(path: Path, names: tuple[str, ...], wanted: tuple[str, ...]) -> str:
    name = next((name for name in wanted if name in names), "")
    if not name:
        raise InputError(
            f"{path} has no column {wanted[0]!r}; a table of a target has decision_id, action and "
            f"probability or score, this one {', '.join(names[:12])}"
        )
    return name


def _refuse(
    path: Path, values: Floats, decision: Texts, right: Bools, *, what: str = "a probability"
) -> None:
    wrong = np.flatnonzero(~right)
    if len(wrong):
        row = int(wrong[0])
        raise InputError(
            f"row {row} of {path} (decision {decision[row]!r}) has {what} of {values[row]:.4g}; "
            "from 0 to 1 is needed, and finite scores"
        )


def _groups(decision: Texts) -> tuple[Ints, Ints]:
    _, codes = np.unique(decision.astype(str), return_inverse=True)
    return codes, np.argsort(codes, kind="stable")


def _weigh(score: Floats, codes: Ints, order: Ints, temperature: float) -> Floats:
    starts = np.flatnonzero(np.r_[True, np.diff(codes[order]) > 0])
    best = np.maximum.reduceat(score[order], starts)[codes]
    if temperature > 0:
        weight = np.exp((score - best) / temperature)
    else:
        weight = (score >= best).astype(np.float64)
    return np.asarray(weight / np.bincount(codes, weights=weight)[codes])
