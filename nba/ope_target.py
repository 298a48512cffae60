"""What --target may be: a policy file, a column, a table by decision, or one of a few names."""

from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from nba.act.bundle import LoadedPolicy, load_policy
from nba.errors import InputError
from nba.evaluate.decision_evaluation import BatchTarget, LogTarget
from nba.evaluate.flat_evaluation import (
    FlatTarget,
    action_target,
    column_target,
    uniform_target,
)
from nba.evaluate.target import target_probabilities
from nba.evaluate.target_table import SUFFIXES, read_target_table
from nba.listen.foreign import FlatSource
from nba.types import DecisionLog, Floats, Policy

UNIFORM: Final = "uniform"
_ALWAYS: Final = "always:"

Target = str | Path | Policy | LogTarget | FlatTarget


def log_target(target: Target, log: DecisionLog, *, temperature: float = 0.0) -> LogTarget:
    """The target's probability of every action of a whole decision log."""
    if isinstance(target, LogTarget):
        return target
    given = batch_target(target, temperature=temperature)
    return LogTarget(given.name, given.probabilities(log))


def batch_target(target: Target, *, temperature: float = 0.0) -> BatchTarget:
    """The target's probability of every action of any slice of a decision log."""
    if isinstance(target, LogTarget):
        raise InputError(
            f"target {target.name!r} is an array over a whole log, and this one is read in parts; "
            "give a policy, or the log in memory: open_log(path).read()"
        )
    if isinstance(target, FlatTarget):
        raise InputError(f"target {target.name!r} is for flat logs; give a policy for this log")
    if not isinstance(target, str | Path):
        return BatchTarget(target.name, partial(target_probabilities, target))
    if str(target) == UNIFORM:
        return BatchTarget(UNIFORM, _even)
    path = Path(target)
    if path.suffix.lower() in SUFFIXES:
        table = read_target_table(path, temperature=temperature)
        return BatchTarget(table.name, table.of_log)
    loaded = load_policy(path)
    return BatchTarget(loaded.policy.name, partial(policy_probabilities, loaded))


def _even(log: DecisionLog) -> Floats:
    k = np.diff(log.offsets)
    return np.repeat(1.0 / k, k)


def flat_target(
    target: Target, source: FlatSource, *, temperature: float = 0.0
) -> tuple[FlatTarget, FlatSource]:
    """The target's probability of each logged action, and the source that reads what it needs."""
    if isinstance(target, FlatTarget):
        return target, source
    if not isinstance(target, str | Path):
        raise InputError(
            f"target {target.name!r} needs action features, and {source.name} is a flat log; give "
            "a column of its probabilities of the logged actions, or a table by decision"
        )
    name = str(target)
    if name in source.names.target_propensity:
        return column_target(name), source
    if name in source.columns:
        return column_target(name), source.with_target(name)
    if name == UNIFORM:
        return uniform_target(), source
    if name.startswith(_ALWAYS):
        return action_target(name.removeprefix(_ALWAYS)), source
    path = Path(target)
    if path.is_file() and path.suffix.lower() in SUFFIXES:
        return read_target_table(path, temperature=temperature).flat(), source
    if path.is_file():
        raise InputError(
            f"{path} is no table, and a policy file needs a decision log with action features "
            f"(nba/listen/LOG_FORMAT.md); {source.name} is a flat log: give a column or a table"
        )
    known = ", ".join(source.columns[:12])
    raise InputError(
        f"--target {name!r} is no column of {source.name} (it has {known}), no file, and neither "
        f"{UNIFORM!r} nor '{_ALWAYS}ACTION'"
    )


def policy_probabilities(loaded: LoadedPolicy, log: DecisionLog) -> Floats:
    """The policy's probabilities on a log of the same feature spec; else InputError."""
    spec = loaded.card.spec
    for side, mine, logged in (
        ("context", spec.context_names, log.context_names),
        ("action", spec.action_names, log.action_names),
    ):
        differing = sorted(set(mine) ^ set(logged))
        if mine != logged:
            found = ", ".join(differing) if differing else "the order"
            raise InputError(
                f"policy {loaded.policy.name!r} and the log have other {side} features ({found}); "
                "use a policy made for the log's feature spec"
            )
    if spec.version != log.spec_version:
        raise InputError(
            f"policy {loaded.policy.name!r} is for feature spec {spec.version} and the log for "
            f"{log.spec_version}; use a policy made for the log's feature spec"
        )
    return target_probabilities(loaded.policy, log)
