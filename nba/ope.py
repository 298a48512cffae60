"""Offline evaluation in three lines: open a log, check it, ask what a policy would have earned.

It stands above the rooms because it joins two neighbours: policies (act) and estimates (evaluate).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from nba.errors import InputError, LogError
from nba.evaluate.answer import Answer
from nba.evaluate.check import LogCheck
from nba.evaluate.decision_check import check_decisions
from nba.evaluate.decision_evaluation import (
    PASSES,
    RunParts,
    evaluate_parts,
    one_by_one,
)
from nba.evaluate.estimated import estimated_answer, estimated_decisions
from nba.evaluate.flat_check import check_flat
from nba.evaluate.flat_evaluation import evaluate_flat
from nba.evaluate.gate import Thresholds
from nba.listen.column_map import (
    ColumnMap,
    make_map,
    propose_map,
    read_map,
    require_columns,
)
from nba.listen.data_frames import Frame, frame_chunks, frame_names
from nba.listen.dsjson import is_dsjson, read_dsjson
from nba.listen.flat_log import FlatLog
from nba.listen.flat_rows import Columns, component_weights
from nba.listen.foreign import FlatSource, open_flat
from nba.listen.log_parts import is_decision_log
from nba.listen.log_source import LogSource, open_source
from nba.listen.objective import Objective
from nba.listen.sample import sample_flat
from nba.ope_episodes import answer_episodes
from nba.ope_parts import changed_log, in_parts
from nba.ope_power import Power, power_of, shares_of
from nba.ope_target import Target, flat_target, log_target
from nba.terminal import progress
from nba.types import DecisionLog

Log = DecisionLog | LogSource | FlatSource
Names = ColumnMap | Mapping[str, object] | Path | str


def open_log(path: Path | str, names: Names | None = None) -> Log:
    r"""The log at a path, to be read part by part: a decision log, or anything else as a flat log.

    `names` maps our names to the log's columns: a mapping file, a dict or a ColumnMap; without it
    one is proposed. Raises LogError or InputError for what cannot be read.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "log.csv")
    ...     _ = path.write_text("item,click,pscore\na,1,0.5\nb,0,0.5\n")
    ...     log = open_log(path)
    ...     check(log).usable, run(log, "always:a").result.verdict
    (True, 'CANT_TELL')
    """
    path = Path(path)
    if names is None and path.exists() and is_decision_log(path):
        return open_source(path)
    if names is None and path.is_file() and is_dsjson(path):
        return read_dsjson(path)
    if isinstance(names, Mapping):
        names = make_map(names)
    elif names is not None and not isinstance(names, ColumnMap):
        names = read_map(names)
    return open_flat(path, names)


def open_frame(frame: Frame, names: Names | None = None) -> FlatSource:
    """A pandas or polars data frame as a log; `names` as for `open_log`."""
    columns = frame_names(frame)
    if isinstance(names, Mapping):
        names = make_map(names)
    elif names is not None and not isinstance(names, ColumnMap):
        names = read_map(names)
    wanted = propose_map(columns) if names is None else names
    require_columns(wanted.columns, columns, "the data frame")
    if not len(frame):
        raise LogError("the data frame is empty; give one with at least one row")

    def read(names: ColumnMap) -> Iterator[Columns]:
        return frame_chunks(frame, names)

    return FlatSource("the data frame", len(frame), wanted, columns, names is None, read)


def check(log: Log | Path | str) -> LogCheck:
    """Which rows can be used, by reason which cannot, and what else a reader should know."""
    log = open_log(log) if isinstance(log, Path | str) else log
    if isinstance(log, DecisionLog | LogSource):
        with progress("check rows", len(log)) as advance:
            return check_decisions(log, advance)
    with progress("check rows", len(log)) as advance:
        return check_flat(log, advance=advance)


def run(
    log: Log | Path | str,
    target: Target,
    *,
    baseline: Target | None = None,
    by: Sequence[str] = (),
    protect: Sequence[str] = (),
    level: float = 0.95,
    margin: float = 0.0,
    levers: Mapping[str, float] | None = None,
    sample: int | None = None,
    temperature: float = 0.0,
    features: Sequence[str] = (),
    unit: str = "EUR",
    source: str = "the log",
    run_parts: RunParts = one_by_one,
) -> Answer:
    """What the target would have earned on the log, how sure that is, and whether to promote it.

    `target` is a policy or its file, a column, a table, "uniform" or "always:ACTION". `by` and
    `protect` are segment columns; `levers` replace objective weights; `sample` takes about so many
    rows; `features` are columns from which missing propensities are estimated. Any log is read part
    by part; only that estimation reads it whole. `run_parts` may run a decision log's parts
    elsewhere.
    """
    if isinstance(log, Path | str):
        source, log = str(log), open_log(log)
    if not 0.0 < level < 1.0:
        raise InputError(f"--level is {level}; give the intervals' coverage, such as 0.95")
    if sample is not None and sample < 1:
        raise InputError(f"--sample is {sample}; give a number of rows from 1 up")
    thresholds = Thresholds(margin_eur=margin)
    if isinstance(log, DecisionLog | LogSource):
        log = changed_log(log, levers or {}, sample)
        if features:
            whole = log if isinstance(log, DecisionLog) else log.read()
            given = log_target(target, whole, temperature=temperature)
            return replace(estimated_decisions(whole, given, level=level), source=source)
        parts, asked, rival = in_parts(log, target, baseline, temperature=temperature)
        with progress("evaluate rows", PASSES * len(log)) as advance:
            return evaluate_parts(
                parts, asked, baseline=rival, segments=by, protect=protect, level=level,
                thresholds=thresholds, source=source, unit=unit, advance=advance, run=run_parts,
            )  # fmt: skip
    flat = with_levers_flat(log, levers or {}).with_segments([*by, *protect])
    wanted, flat = flat_target(target, flat, temperature=temperature)
    other = None
    if baseline is not None:
        other, flat = flat_target(baseline, flat, temperature=temperature)
        if other.name == wanted.name:
            raise InputError(f"target and baseline are both {other.name!r}; compare two policies")
    if features:
        return estimated_answer(
            flat.with_features(features), wanted, source=flat.name, level=level,
            thresholds=thresholds, unit=unit,
        )  # fmt: skip
    with progress("evaluate rows", len(flat)) as advance:
        return evaluate_flat(
            sampled(flat, sample), wanted, baseline=other, segments=by, protect=protect,
            level=level, thresholds=thresholds, source=flat.name, unit=unit, advance=advance,
        )  # fmt: skip


def run_episodes(
    log: Log | Path | str,
    target: Target,
    *,
    baseline: Target | None = None,
    discount: float = 1.0,
    level: float = 0.95,
    margin: float = 0.0,
    temperature: float = 0.0,
    unit: str = "EUR",
    source: str = "the log",
) -> Answer:
    """What the target would have earned per episode, where one choice leads to the next.

    The log has columns of an episode and a step. With features (a decision log) the estimates are
    doubly robust and by fitted Q evaluation too; a flat log has weights alone.
    """
    if isinstance(log, Path | str):
        source, log = str(log), open_log(log)
    return answer_episodes(
        log, target, baseline=baseline, discount=discount, level=level, margin=margin,
        temperature=temperature, unit=unit, source=source,
    )  # fmt: skip


def sampled(source: FlatSource, sample: int | None) -> Iterator[FlatLog]:
    """The chunks of a source, or about so many rows of them."""
    share = 1.0 if sample is None else min(1.0, sample / len(source))
    for chunk in source:
        yield chunk if share == 1.0 else sample_flat(chunk, share)


def with_levers_flat(source: FlatSource, levers: Mapping[str, float]) -> FlatSource:
    """The same for a flat log, whose map has to name outcome components."""
    if not levers:
        return source
    names = source.names
    if not names.outcomes:
        raise InputError('--lever needs "outcomes" and "weights" in --map; it has a reward only')
    weights = Objective(component_weights(names)).with_levers(levers).weights
    return replace(source, names=replace(names, reward="", weights=weights))


def power(
    log: Log | Path | str,
    lift: str | float,
    *,
    target: Target = "uniform",
    power: float = 0.8,
    level: float = 0.95,
    temperature: float = 0.0,
) -> Power:
    """How many rows like these it takes to see a lift of the target over the logging policy.

    `lift` is an amount per decision (0.05) or a part of what the log earned ("2%").
    """
    log = open_log(log) if isinstance(log, Path | str) else log
    if isinstance(log, LogSource):
        log = log.read()  # the plan by shares weighs every row of the next log
    if not isinstance(log, DecisionLog):
        return power_of(
            run(log, target, level=level, temperature=temperature), str(lift), power=power
        )
    given = log_target(target, log, temperature=temperature)
    answer = run(log, given, level=level)
    found = power_of(answer, str(lift), power=power)
    return replace(found, by_share=shares_of(log, given, answer.difference, found))
