"""Numbers of cells."""

import numpy as np

from envs.baselines.skill_cells import SkillCells, even_cells, guessed
from nba.listen.contact_features import CONTACT_CENTRE, INTENTS
from tests.envs.baselines.situations import given, idle

CELLS = SkillCells(CONTACT_CENTRE, skill_edges=(0.4, 0.7), mean_edges=(0.5,))


def test_every_bucket_of_every_intent_has_its_own_number() -> None:
    intent, skill, mean = np.meshgrid(np.arange(4), [0.1, 0.4, 0.9], [0.2, 0.8], indexing="ij")
    found = CELLS.number(intent, skill, mean)
    assert sorted(found.ravel().tolist()) == list(range(CELLS.n)) == list(range(24))


def test_a_batch_is_numbered_by_guess_and_skills() -> None:
    contact = {"intent=billing": 0.0, "intent=sales": 1.0}
    context, actions, _ = given(idle(skill_estimate=0.9), idle(skill_mean=0.2), contact=contact)
    assert INTENTS[guessed(CONTACT_CENTRE, context)[0]] == "sales"
    found = CELLS.of_batch(context, actions)[0]
    sales = np.array([3, 3])
    want = CELLS.number(sales, np.array([0.9, 0.6]), np.array([0.5, 0.2]))
    assert found[:2].tolist() == want.tolist()


def test_even_cells_hold_equally_many() -> None:
    skill = np.random.default_rng(1).beta(2, 5, 9_000)
    cells = even_cells(CONTACT_CENTRE, skill, skill, (3, 2))
    counts = np.bincount(np.searchsorted(cells.skill_edges, skill, side="right"))
    assert counts.tolist() == [3_000] * 3
