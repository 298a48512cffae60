"""A reward model from slices is that of the whole log."""

from dataclasses import replace

import numpy as np
import pytest

from nba.errors import LogError
from nba.evaluate.streamed_rewards import StreamedRewards, basis_of
from nba.understand.reward_model import cross_fit_rewards
from tests.planted_log import draw_log, make_world, take_rows

LOG = draw_log(
    make_world(np.random.default_rng(1), rows_per_unit=3), 3000, np.random.default_rng(2)
).log
PARTS = [take_rows(LOG, rows) for rows in np.array_split(np.arange(3000), 7)]


def test_slices_added_or_merged_predict_what_the_whole_does() -> None:
    wanted = cross_fit_rewards(LOG)
    added, merged = StreamedRewards(basis_of(PARTS)), StreamedRewards(basis_of(PARTS[::-1]))
    for part in PARTS:
        added.add(part)
        alone = StreamedRewards(merged.basis)
        alone.add(part)
        merged.merge(alone)
    for model in (added, merged):
        found = np.concatenate([model.predict(part) for part in PARTS])
        np.testing.assert_allclose(found, wanted, rtol=1e-10)


def test_logs_without_rows_or_rewards_are_refused() -> None:
    with pytest.raises(LogError, match="the log has no batch"):
        basis_of([])
    model = StreamedRewards(basis_of([LOG]))
    model.add(replace(LOG, reward=np.full(3000, np.nan)))
    with pytest.raises(LogError, match="none of the log's rows has a reward"):
        model.predict(LOG)
