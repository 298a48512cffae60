"""The page that stands beside the world: every preset has its bands, every cell its interval."""

from pathlib import Path

import pytest

from envs.presets import PRESETS
from experiments.benchmark import world


def test_every_preset_has_bands_for_the_same_figures() -> None:
    assert set(world.BANDS) == set(PRESETS)
    assert len({frozenset(bands) for bands in world.BANDS.values()}) == 1
    assert all(band.low < band.high for bands in world.BANDS.values() for band in bands.values())


@pytest.mark.slow  # it plays every rule in every preset and scenario: minutes
def test_the_page_has_a_row_for_every_rule_and_a_column_for_every_scenario(tmp_path: Path) -> None:
    rows = world.rows(logs=2, folder=tmp_path)
    page = (tmp_path / "MEASURED.md").read_text()
    assert page.count("| true_greedy |") == 3
    assert page.count("| policy | normal | peak | shortage | bot_outage | drift |") == 3
    assert len([row for row in rows if row.metric == "EUR per contact"]) == 3 * 6 * 15
