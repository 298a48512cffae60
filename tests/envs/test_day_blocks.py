"""Any centre-day can be played by itself, and every one is played once."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.config import CentreConfig
from envs.day_blocks import CHUNK, DayBlock, block_size, day_blocks, play_block
from envs.day_figures import DayFigures, DayRow, key_figures
from envs.evaluate_days import simulate
from envs.presets import preset
from envs.vector import ContactCentreVector
from nba.act.longest_idle import LongestIdle
from nba.act.uniform import Uniform
from nba.errors import InputError
from nba.listen.contact_features import CONTACT_CENTRE

SMALL = replace(preset("bank"), n_employees=4, contacts_per_day=300.0)
LARGE = replace(preset("bank"), n_employees=200, contacts_per_day=16_750.0)
RULE = LongestIdle(CONTACT_CENTRE)


def played(block: DayBlock, config: CentreConfig = SMALL) -> list[DayRow]:
    figures = DayFigures(block)
    for step in play_block(Uniform(), config, block, seed=3):
        figures(step)
    return figures.rows()


@settings(deadline=None, max_examples=30)
@given(sites=st.integers(1, 150), days=st.integers(1, 150))
def test_every_day_of_every_site_is_in_one_block(sites: int, days: int) -> None:
    blocks = day_blocks(SMALL, sites=sites, days=days)
    found = Counter(
        pair for b in blocks for pair in zip(b.sites.tolist(), b.days.tolist(), strict=True)
    )
    assert found == Counter((s, s + d) for s in range(sites) for d in range(days))
    assert max(block.n for block in blocks) <= CHUNK


def test_a_large_centre_is_played_day_by_day() -> None:
    assert block_size(SMALL) == CHUNK
    assert block_size(LARGE) == 1
    assert [b.n for b in day_blocks(LARGE, sites=1, days=30)] == [1] * 30


def test_a_day_begun_by_itself_is_the_day_that_a_running_centre_comes_to() -> None:
    vector = ContactCentreVector(SMALL, 1, 3, first_site=2)
    vector.reset()
    running: list[dict[str, float]] = []
    while len(running) < 3:
        chosen = RULE.batch_probabilities(*vector.observe()).argmax(axis=1)
        _, _, done = vector.step(chosen)
        if done[0]:
            running.append({name: float(v[0]) for name, v in vector.day_figures().items()})
    for k, day in enumerate(running):
        block = DayBlock(2, 2 + k, 1, one_site=True)
        figures = DayFigures(block)
        for step in play_block(RULE, SMALL, block, seed=3):
            figures(step)
        (alone,) = figures.rows()
        assert {name: alone[name] for name in day} == day


def test_days_side_by_side_are_the_days_one_by_one() -> None:
    together = played(DayBlock(1, 1, 3, one_site=True))
    assert together == [played(DayBlock(1, 1 + k, 1, one_site=True))[0] for k in range(3)]
    assert len({row["earned_eur"] for row in together}) == 3


def test_sites_side_by_side_are_the_centre_days_of_evaluation() -> None:
    table = simulate(Uniform(), SMALL, n_days=3, seed=3)
    rows = played(DayBlock(0, 0, 3, one_site=False))
    for name, values in key_figures(SMALL, rows).items():
        np.testing.assert_allclose(values, table[name], rtol=1e-12)


def test_a_centre_without_contacts_is_refused() -> None:
    silent = replace(SMALL, contacts_per_day=1e-6)
    with pytest.raises(InputError, match=r"site 0 has no contact on working day 0; raise"):
        played(DayBlock(0, 0, 1, one_site=True), silent)
