"""The picture of a centre."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from envs.contact_centre import ContactCentre
from envs.desk_picture import _LOADS
from envs.picture import as_picture
from envs.picture_parts import HEIGHT, WAITING, WIDTH
from envs.snapshot import Snapshot, snapshot
from envs.state import AT_WORK, OFF, QUEUE


@pytest.fixture(scope="module")
def now() -> Snapshot:
    env = ContactCentre(scenario="peak")
    env.reset(seed=1)
    for _ in range(500):
        env.step(np.int64(QUEUE))
    return snapshot(env._centre.vector(), day=0)  # noqa: SLF001 what render reads


def pixels(picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], colour: str) -> int:
    """How many pixels have a colour."""
    wanted = np.round(np.array(to_rgb(colour)) * 255)
    return int((np.abs(picture - wanted) <= 1).all(axis=2).sum())


def test_it_has_one_size_and_the_same_moment_gives_the_same_bytes(now: Snapshot) -> None:
    first, second = as_picture(now), as_picture(now)
    assert first.shape == (HEIGHT, WIDTH, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, second)


def test_the_environment_gives_it_and_it_changes_with_the_centre() -> None:
    env = ContactCentre(render_mode="rgb_array")
    env.reset(seed=1)
    before = env.render()
    for _ in range(40):
        env.step(np.int64(QUEUE))
    after = env.render()
    assert before.shape == after.shape == (HEIGHT, WIDTH, 3)
    assert not np.array_equal(before, after)


def test_a_desk_has_the_colour_of_its_load(now: Snapshot) -> None:
    n = len(now.status)
    base = replace(now, waiting=np.zeros(n, dtype=np.int64), asking=None)
    busy = np.ones(n, dtype=np.int64)
    shares = (0.3, 0.7, 0.8, 0.95)
    for load, (_, colour) in zip(shares, _LOADS, strict=True):
        at_work = replace(base, status=busy * AT_WORK, active=busy, load=np.full(n, load))
        home = replace(base, status=busy * OFF, active=busy * 0, load=np.zeros(n))
        assert pixels(as_picture(at_work), colour) > 20 * pixels(as_picture(home), colour) > 0


def test_a_longer_queue_has_more_dots(now: Snapshot) -> None:
    counts = [pixels(as_picture(replace(now, shared=n)), WAITING) for n in (0, 5, 20)]
    assert counts[0] < counts[1] < counts[2]


@pytest.mark.parametrize("n", [1, 7, 60, 400])
def test_any_number_of_people_finds_room(now: Snapshot, n: int) -> None:
    ones = np.ones(n, dtype=np.int64)
    crowd = replace(
        now,
        status=ones * AT_WORK,
        active=ones,
        waiting=ones * 0,
        load=np.full(n, 0.95),
        asking=None,
    )
    share = pixels(as_picture(crowd), _LOADS[3][1]) / (440 * 288)
    assert 0.2 < share < 1.0
