"""Presets lie in the bands that the trade reports, under longest-idle routing."""

import pytest

from envs.evaluate_days import simulate
from envs.presets import PRESETS, preset
from nba.act.longest_idle import LongestIdle
from nba.errors import InputError
from nba.listen.contact_features import CONTACT_CENTRE

# First-contact resolution: SQM, 500 and more North American centres. The rest: trade sources.
FCR = {"bank": 0.71, "telecom": 0.61, "retail": 0.78, "bank-2003": 0.71}
# Of 380 who share the load each is busier at the same wait (Erlang C).
OCCUPANCY = {"bank-2003": (0.80, 0.92)}


def in_the_bands(name: str, n_days: int) -> None:
    day = simulate(LongestIdle(CONTACT_CENTRE), preset(name), n_days=n_days, seed=8)
    mean = {name: float(values.mean()) for name, values in day.columns.items()}
    low, high = OCCUPANCY.get(name, (0.75, 0.85))
    assert low < mean["occupancy"] < high
    assert 0.03 < mean["abandoned"] < 0.08
    assert 15 < mean["wait_s"] < 60
    assert mean["fcr"] == pytest.approx(FCR[name], abs=0.05)


@pytest.mark.parametrize("name", ["bank", "telecom", "retail"])
def test_longest_idle_runs_a_preset_inside_the_bands_of_the_trade(name: str) -> None:
    in_the_bands(name, 40)


@pytest.mark.slow
def test_longest_idle_runs_the_large_bank_inside_the_bands_of_the_trade() -> None:
    in_the_bands("bank-2003", 20)  # four weeks: days of this size differ much


def test_each_preset_has_its_own_name_and_an_unknown_one_is_refused() -> None:
    assert all(preset(name).name == name for name in PRESETS)
    with pytest.raises(InputError, match="no preset 'moon'; there are bank, telecom"):
        preset("moon")
