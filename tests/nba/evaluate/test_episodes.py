"""Episodes: put in order, or refused with the row that breaks them."""

import numpy as np
import pytest

from nba.errors import LogError
from nba.evaluate.episodes import make_episodes, single_steps


def names(text: str) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    return np.array(list(text), dtype=object)


def test_interleaved_episodes_are_put_in_order() -> None:
    made = make_episodes(names("babaab"), np.array([0, 0, 1, 1, 2, 2]))
    assert made.rows.tolist() == [0, 2, 5, 1, 3, 4]
    assert made.lengths.tolist() == [3, 3]
    assert made.first.tolist() == [0, 1]
    assert made.next_rows().tolist() == [2, 3, 5, 4, -1, -1]


def test_steps_may_begin_at_one() -> None:
    assert make_episodes(names("aab"), np.array([1, 2, 1])).horizon == 2


def test_a_single_step_is_an_episode() -> None:
    made = single_steps(4)
    assert (made.horizon, len(made)) == (1, 4)
    assert made.next_rows().tolist() == [-1] * 4


@pytest.mark.parametrize(
    ("episode", "step", "message"),
    [
        ("aaab", [0, 1, 3, 0], r"row 2: step 3 of episode 'a' leaves out 2"),
        ("abab", [0, 0, 1, 5], r"row 3: step 5 of episode 'b' leaves out 1 .*step 0 in row 1"),
        ("aab", [0, 0, 0], r"row 1: step 0 of episode 'a' comes twice"),
        ("aaab", [0, 2, 1, 0], r"row 1: step 2 of episode 'a' leaves out 1"),
        ("aaab", [0, 1, 0, 0], r"row 2: step 0 of episode 'a' is out of order"),
        ("aab", [0, 1, 1], r"row 2: episode 'b' begins at step 1; every episode begins at step 0"),
        ("ab", [4, 5], r"row 0: episode 'a' begins at step 4"),
        ("ab", [0, np.nan], r"step\[1\] is nan; a step is a whole number"),
        ("ab", [0, 0.5], r"step\[1\] is 0.5"),
        ("", [], r"0 episode names and 0 steps"),
        ("ab", [0], r"2 episode names and 1 steps"),
    ],
)
def test_a_broken_episode_is_refused_with_its_row(
    episode: str, step: list[float], message: str
) -> None:
    with pytest.raises(LogError, match=message):
        make_episodes(names(episode), np.array(step))
