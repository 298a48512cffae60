"""Episodes: rows of a log that follow each other, checked and put in the order of their steps."""

from dataclasses import dataclass

import numpy as np

from nba.errors import LogError
from nba.types import Floats, Ints, Texts


@dataclass(frozen=True, slots=True)
class Episodes:
    """The rows of every episode, one after the other, each in the order of its steps."""

    rows: Ints  # (n,) row numbers of the log
    starts: Ints  # (E + 1,) episode e holds rows[starts[e]:starts[e + 1]]

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> Ints:
        """How many steps each episode has, (E,)."""
        return np.diff(self.starts)

    @property
    def horizon(self) -> int:
        """The steps of the longest episode."""
        return int(self.lengths.max()) if len(self) else 0

    @property
    def first(self) -> Ints:
        """The row that begins each episode, (E,)."""
        return self.rows[self.starts[:-1]]

    def next_rows(self) -> Ints:
        """For every row of the log the row of the next step, (n,); -1 where the episode ends."""
        following = np.full(len(self.rows), -1, dtype=np.int64)
        following[self.rows[:-1]] = self.rows[1:]
        following[self.rows[self.starts[1:] - 1]] = -1
        return following


def make_episodes(episode: Texts, step: Ints) -> Episodes:
    """The episodes of a log from its columns `episode` (n,) and `step` (n,), both in row order.

    Episodes may be interleaved; the steps of each must be in order, without gaps, and all episodes
    begin at the same step, 0 or 1. Raises LogError naming the row otherwise.

    >>> made = make_episodes(np.array(["a", "b", "a"], dtype=object), np.array([0, 0, 1]))
    >>> made.rows, made.lengths
    (array([0, 2, 1]), array([2, 1]))
    """
    steps = _whole_steps(step)
    if len(episode) != len(steps) or not len(steps):
        raise LogError(
            f"the log has {len(episode)} episode names and {len(steps)} steps; every row needs both"
        )
    _, place, code = np.unique(episode.astype(str), return_index=True, return_inverse=True)
    by_appearance = np.empty(len(place), dtype=np.int64)
    by_appearance[np.argsort(place)] = np.arange(len(place))
    code = by_appearance[code.ravel()]
    rows = np.argsort(code, kind="stable").astype(np.int64)  # keeps the order within an episode
    lengths = np.bincount(code)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    _check_steps(episode, steps, rows, starts)
    return Episodes(rows, starts)


def single_steps(n_rows: int) -> Episodes:
    """Every row as an episode of its own: sequential estimators then equal those of a bandit.

    >>> single_steps(3).horizon
    1
    """
    return Episodes(np.arange(n_rows, dtype=np.int64), np.arange(n_rows + 1, dtype=np.int64))


def _whole_steps(step: Ints | Floats) -> Ints:
    wrong = np.flatnonzero(~np.isfinite(step) | (np.mod(step, 1) != 0))
    if len(wrong):
        raise LogError(
            f"step[{wrong[0]}] is {step[wrong[0]]}; a step is a whole number: 0, 1, 2, … within "
            "its episode"
        )
    return np.asarray(step, dtype=np.int64)


def _check_steps(episode: Texts, steps: Ints, rows: Ints, starts: Ints) -> None:
    ordered = steps[rows]
    begins = np.zeros(len(rows), dtype=np.bool_)
    begins[starts[:-1]] = True
    base = int(ordered[begins].min())
    wrong = begins & (ordered != (base if base in {0, 1} else 0))
    wrong[1:] |= ~begins[1:] & (np.diff(ordered) != 1)
    if not wrong.any():
        return
    place = int(np.flatnonzero(wrong)[np.argmin(rows[wrong])])  # the first faulty row of the file
    row = int(rows[place])
    name = episode[row]
    found = int(steps[row])
    if begins[place]:
        raise LogError(
            f"row {row}: episode {name!r} begins at step {found}; every episode begins at step "
            f"{base if base in {0, 1} else 0}: were its first rows lost, or its rows shuffled?"
        )
    before = int(ordered[place - 1])
    fault = "comes twice" if found == before else "is out of order" if found < before else ""
    raise LogError(
        f"row {row}: step {found} of episode {name!r} "
        + (fault or f"leaves out {before + 1}")
        + f" (after step {before} in row {rows[place - 1]}); sort the log by episode and step and "
        "leave out episodes with lost rows"
    )
