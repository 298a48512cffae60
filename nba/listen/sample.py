"""Some customers of a log, all rows of each: a look before the whole."""

import numpy as np

from nba.listen.flat_log import FlatLog
from nba.listen.units import unit_keys
from nba.seeding import keyed_uniforms, text_key
from nba.types import Bools, DecisionLog, Ints, Texts


def sampled_units(unit: Texts, share: float, *, seed: int = 0) -> Bools:
    """Which rows are in a sample of whole units, (n,), by the units' names alone.

    >>> rows = sampled_units(np.array(["ann", "bob", "ann"], dtype=object), 0.5)
    >>> bool(rows[0] == rows[2])
    True
    """
    return np.asarray(keyed_uniforms(unit_keys(unit), text_key("sample", str(seed))) < share)


def sample_log(log: DecisionLog, rows: int, *, seed: int = 0) -> DecisionLog:
    """About so many rows of a log, of whole units, in the log's order."""
    if rows >= len(log):
        return log
    return sample_share(log, rows / len(log), seed=seed)


def sample_share(log: DecisionLog, share: float, *, seed: int = 0) -> DecisionLog:
    """About this share of a log's rows, of whole units: a slice gives what is in it."""
    return take_rows(log, np.flatnonzero(sampled_units(log.unit, share, seed=seed)))


def sample_flat(log: FlatLog, share: float, *, seed: int = 0) -> FlatLog:
    """About this share of a chunk's rows, of whole units where the log has some."""
    if log.unit is None:
        keys = np.arange(log.first_row, log.first_row + len(log), dtype=np.uint64)
        wanted = keyed_uniforms(keys, text_key("sample", str(seed))) < share
    else:
        wanted = sampled_units(log.unit, share, seed=seed)
    return log.take(np.asarray(wanted))


def take_rows(log: DecisionLog, rows: Ints) -> DecisionLog:
    """The given rows of a log, in the given order."""
    sizes = np.diff(log.offsets)[rows]
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    flat = np.repeat(log.offsets[rows] - offsets[:-1], sizes) + np.arange(offsets[-1])
    return DecisionLog(
        decision_id=log.decision_id[rows],
        unit=log.unit[rows],
        at=log.at[rows],
        context=log.context[rows],
        offsets=offsets,
        action_ids=log.action_ids[flat],
        actions=log.actions[flat],
        chosen=log.chosen[rows],
        propensity=log.propensity[rows],
        policy_version=log.policy_version[rows],
        outcomes={name: values[rows] for name, values in log.outcomes.items()},
        reward=log.reward[rows],
        context_names=log.context_names,
        action_names=log.action_names,
        spec_version=log.spec_version,
        segments={name: values[rows] for name, values in log.segments.items()},
    )
