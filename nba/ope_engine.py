"""The same question to the shards of a large Parquet log, on another engine."""

from collections.abc import Sequence
from pathlib import Path

from nba.errors import InputError, LogError
from nba.evaluate.answer import Answer
from nba.evaluate.faults import FLAT_REMEDIES
from nba.evaluate.flat_evaluation import FlatEvaluation, column_target
from nba.evaluate.gate import Thresholds
from nba.evaluate.stream import LogColumns
from nba.listen.foreign import FlatSource
from nba.ope_hooks import evaluate_on_engine
from nba.terminal import progress


def run_on_engine(
    path: Path,
    log: FlatSource,
    target: str,
    *,
    baseline: str | None,
    by: Sequence[str],
    protect: Sequence[str],
    level: float,
    margin: float,
    engine: str,
    unit: str,
) -> Answer:
    """The answer about column targets, summed by the engine; rows are checked here, in a stream.

    Raises InputError for a log or target that it does not take, LogError for a faulty row.
    """
    names = [target] if baseline is None else [target, baseline]
    columns = {name: log.names.target_propensity.get(name, name) for name in names}
    for name, column in columns.items():
        if column not in log.columns:
            raise InputError(
                f"--engine {engine} takes columns as targets; {log.name} has no column {name!r}"
            )
    if not (log.names.propensity and log.names.reward):
        raise InputError(f"--engine {engine} needs a propensity and a reward column in the map")
    segments = tuple(dict.fromkeys([*by, *protect]))
    other = None if baseline is None else column_target(baseline)
    found = FlatEvaluation(column_target(target), other, segments)
    with progress("check rows", len(log)) as advance:
        for chunk in log.with_segments(segments):
            found.check.update(chunk)
            advance(len(chunk))
    faults = set(found.check.faults.count)
    if faults - {"reward missing"}:
        reason = min(faults - {"reward missing"})
        row = int(found.check.faults.first[reason][0])
        remedy = FLAT_REMEDIES.get(reason, "write the log without these rows")
        raise LogError(f"row {row}: {reason}; {remedy}")
    wanted = LogColumns(
        targets=columns,
        reward=log.names.reward,
        propensity=log.names.propensity,
        unit=log.names.unit or None,
        segments=segments,
    )
    found.sums = evaluate_on_engine(path, wanted, engine=engine)
    return found.answer(
        log.name,
        level=level,
        thresholds=Thresholds(margin_eur=margin),
        protect=protect,
        unit=unit,
    )
