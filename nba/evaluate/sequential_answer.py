"""One question to a log of episodes: what would the target have earned in each, and is it enough?

Episodes of one unit keep together in intervals; the verdict is that of the usual gate, on episodes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from nba.errors import InputError, LogError
from nba.evaluate.action_sums import ActionSums
from nba.evaluate.answer import Answer, Share, TailSums
from nba.evaluate.check import LogCheck
from nba.evaluate.decision_check import check_decisions
from nba.evaluate.decision_evaluation import LogTarget
from nba.evaluate.episodes import Episodes, make_episodes
from nba.evaluate.fitted_q_evaluation import fitted_q
from nba.evaluate.flat_check import FlatCheck
from nba.evaluate.flat_evaluation import FlatTarget
from nba.evaluate.gate import Thresholds, gate
from nba.evaluate.sequential import episode_rows, weighted_episodes
from nba.evaluate.sequential_statistics import (
    EpisodeRows,
    SequentialStatistics,
    sequential_difference,
)
from nba.listen.flat_log import FlatLog, join_flat
from nba.terminal import Advance
from nba.types import DecisionLog, Floats

WITHOUT_MODEL: Final = ("pdis", "wpdis")
EVERY: Final = ("pdis", "wpdis", "seq-dr", "wdr", "fqe")


def evaluate_episodes(
    log: DecisionLog,
    target: LogTarget,
    *,
    baseline: LogTarget | None = None,
    discount: float = 1.0,
    level: float = 0.95,
    thresholds: Thresholds | None = None,
    source: str = "the log",
    unit: str = "EUR",
) -> Answer:
    """The answer of a decision log about a target's return per episode; doubly robust and paired.

    Episodes are the segments `episode` and `step`. Raises LogError or InputError naming what no
    estimate may use.
    """
    episodes = log_episodes(log)
    found: dict[str, EpisodeRows] = {}
    for policy in (target, baseline):
        if policy is not None:
            returns = fitted_q(log, policy.probabilities, episodes, discount=discount)
            found[policy.name] = episode_rows(log, policy.probabilities, episodes, returns)
    actions = ActionSums.of(log, target.probabilities)
    return _answer(
        found, check_decisions(log), "seq-dr", EVERY, unsupported=actions.unsupported(),
        overlap=actions.overlap(), discount=discount, level=level,
        thresholds=thresholds or Thresholds(), source=source, unit=unit,
        against=None if baseline is None else baseline.name,
    )  # fmt: skip


def evaluate_flat_episodes(
    log: Iterable[FlatLog],
    target: FlatTarget,
    *,
    baseline: FlatTarget | None = None,
    discount: float = 1.0,
    level: float = 0.95,
    thresholds: Thresholds | None = None,
    source: str = "the log",
    unit: str = "EUR",
    advance: Advance | None = None,
) -> Answer:
    """The same of a flat log, by weights alone: per-decision importance sampling, self-normalised.

    Its columns are held in memory, as the steps of an episode may lie far apart. An episode with a
    row that may not be used, or whose reward is missing, is left out whole.
    """
    check, chunks = FlatCheck(), []
    weights: dict[str, list[Floats]] = {}
    policies = [target] if baseline is None else [target, baseline]
    for chunk in log:
        usable = check.update(chunk, strict=True)
        if chunk.propensity is None or chunk.episode is None or chunk.step is None:
            raise InputError(
                "episodes need columns of a propensity, an episode and a step; name them in the "
                'map ("propensity", "episode", "step")'
            )
        for policy in policies:
            given = np.where(usable, policy.probabilities(chunk), 0.0)
            part = given / np.where(usable, chunk.propensity, 1.0)
            weights.setdefault(policy.name, []).append(part)
        kept = FlatLog(
            chunk.action, chunk.propensity, np.where(usable, chunk.reward, np.nan),
            unit=chunk.unit, episode=chunk.episode, step=chunk.step,
        )  # fmt: skip
        chunks.append(kept)
        if advance is not None:
            advance(len(chunk))
    whole = join_flat(chunks)
    assert whole.episode is not None
    assert whole.step is not None
    found = {
        name: weighted_episodes(
            whole.episode, whole.step, np.concatenate(parts), whole.reward, unit=whole.unit
        )
        for name, parts in weights.items()
    }
    return _answer(
        found, check.result(), "wpdis", WITHOUT_MODEL, discount=discount, level=level,
        thresholds=thresholds or Thresholds(), source=source, unit=unit,
        against=None if baseline is None else baseline.name,
    )  # fmt: skip


def log_episodes(log: DecisionLog) -> Episodes:
    """The episodes of a decision log, from its segments `episode` and `step`; else LogError."""
    absent = [name for name in ("episode", "step") if name not in log.segments]
    if absent:
        known = ", ".join(sorted(log.segments)) or "none"
        raise LogError(
            f"the log has no segment column {absent[0]!r}, it has {known}; write `segment.episode` "
            "and `segment.step` (nba/listen/LOG_FORMAT.md)"
        )
    texts = log.segments["step"]
    wrong = next((row for row, text in enumerate(texts) if not str(text).isdecimal()), None)
    if wrong is not None:
        raise LogError(
            f"row {wrong}: step is {texts[wrong]!r}; a whole number is needed: 0, 1, 2, … within "
            "its episode"
        )
    return make_episodes(log.segments["episode"], texts.astype(np.int64))


def _answer(
    found: Mapping[str, EpisodeRows],
    check: LogCheck,
    preferred: str,
    names: tuple[str, ...],
    *,
    against: str | None,
    discount: float,
    level: float,
    thresholds: Thresholds,
    source: str,
    unit: str,
    unsupported: float = 0.0,
    overlap: tuple[Share, ...] = (),
) -> Answer:
    target, rows = next(iter(found.items()))
    sums = {name: _summed(each, discount) for name, each in found.items()}
    zero = np.zeros(len(rows.weight))
    logged = replace(rows, weight=np.ones(len(rows.weight)), predicted=zero, value=zero)
    own = _summed(logged, discount)
    other = (sums[against], preferred) if against is not None else (own, "pdis")
    difference = sequential_difference(sums[target], preferred, *other, level=level)
    tail = TailSums()
    tail.update(_episode_weights(rows))
    n = len(rows.episodes)
    lost = own.unrewarded
    left = f"{lost:,} episodes are left out: a row's reward is missing or unusable"
    notes = (
        (
            f"figures are per episode: {n:,} episodes of {rows.episodes.horizon} steps at most, "
            f"discount {discount:g} per step; intervals keep the episodes of a unit together"
        ),
        *([left] if lost else []),
        "the columns it needs were read whole, as the steps of an episode may lie far apart",
    )
    return Answer(
        source=source,
        policy=target,
        against=against or "logging",
        check=check,
        logging=replace(own.finalize("pdis", level=level), method="mean"),
        estimates=tuple(
            (policy, each.finalize(name, level=level))
            for policy, each in sums.items()
            for name in names
        ),
        difference=difference,
        result=gate(
            difference,
            unsupported=unsupported,
            thresholds=thresholds,
            unit=unit,
            per="episode",
            doubts=check.doubts,
        ),
        tail=tail.result(),
        overlap=overlap,
        notes=(*check.notes, *notes),
        unit=unit,
        per="episode",
    )


def _summed(rows: EpisodeRows, discount: float) -> SequentialStatistics:
    statistics = SequentialStatistics(discount)
    statistics.update(rows)
    return statistics


def _episode_weights(rows: EpisodeRows) -> Floats:
    """The product of an episode's weights, (E,)."""
    made = rows.episodes
    return np.asarray(np.multiply.reduceat(rows.weight[made.rows], made.starts[:-1]))
