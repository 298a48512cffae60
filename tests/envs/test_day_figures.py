"""A day's row is what the simulator counted on that day."""

from dataclasses import replace

from envs.day_blocks import DayBlock, play_block
from envs.day_figures import DayFigures, key_figures
from envs.presets import preset
from nba.act.uniform import Uniform

SMALL = replace(preset("bank"), n_employees=4, contacts_per_day=300.0)


def test_there_is_one_row_per_day_and_it_names_site_and_day() -> None:
    block = DayBlock(5, 6, 2, one_site=False)
    figures, earned = DayFigures(block), 0.0
    for step in play_block(Uniform(), SMALL, block, seed=1):
        figures(step)
        earned += float(step.reward[step.active].sum())
    rows = figures.rows()
    assert [(row["site"], row["day"]) for row in rows] == [(5, 6), (6, 7)]
    assert abs(sum(row["earned_eur"] for row in rows) - earned) < 1e-9
    kpi = key_figures(SMALL, rows)
    assert kpi["contacts"].tolist() == [row["arrivals"] for row in rows]
    assert (kpi["occupancy"] > 0.0).all()
    assert (kpi["occupancy"] < 1.0).all()


def test_a_day_that_goes_on_has_no_row() -> None:
    block = DayBlock(0, 0, 1, one_site=True)
    figures = DayFigures(block)
    figures(next(play_block(Uniform(), SMALL, block, seed=1)))
    assert figures.rows() == []
