"""The ids: `import envs` has them."""

import subprocess
import sys

import gymnasium
import pytest

from envs.contact_centre import ContactCentre
from envs.contact_centres import ContactCentres
from envs.presets import preset
from envs.registration import ENVIRONMENTS, register
from nba.errors import InputError


def run(code: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout.strip()


def test_an_id_with_the_package_in_front_is_all_that_is_needed() -> None:
    code = (
        "import gymnasium as gym\n"
        "env = gym.make('envs:nba/ContactCentre-v0', preset='bank', scenario='peak')\n"
        "print(env.unwrapped.config.contacts_per_day)\n"
        "env = gym.make_vec('envs:nba/ContactCentre-v0', num_envs=3, preset='retail',"
        " vectorization_mode='vector_entry_point')\n"
        "print(env.num_envs, env.unwrapped.config.name)"
    )
    peak = preset("bank").contacts_per_day * 1.3
    assert run(code).split() == [str(peak), "3", "retail"]


def test_the_ids_are_there_whatever_was_imported_first() -> None:
    code = (
        "from envs.presets import preset\n"
        "import gymnasium as gym\n"
        "print(gym.make('envs:nba/CustomerJourney-v0').unwrapped.config == preset('bank'))"
    )
    assert run(code) == "True"


def test_registering_twice_changes_nothing() -> None:
    register()
    before = {name: gymnasium.registry[name] for name in ENVIRONMENTS}
    register()
    assert all(gymnasium.registry[name] is spec for name, spec in before.items())


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("Telecom", "telecom"), ("Bank", "bank"), ("Retail", "retail"), ("Bank2003", "bank-2003")],
)
def test_each_preset_has_an_id_of_its_own(name: str, wanted: str) -> None:
    register()
    one = gymnasium.make(f"nba/ContactCentre{name}-v0", disable_env_checker=True).unwrapped
    assert isinstance(one, ContactCentre)
    assert one.config == preset(wanted)
    many = gymnasium.make_vec(f"nba/ContactCentre{name}-v0", num_envs=1)
    assert isinstance(many, ContactCentres)
    assert many.config == preset(wanted)


def test_an_unknown_preset_or_scenario_is_refused_with_those_there_are() -> None:
    with pytest.raises(InputError, match="no preset 'bnak'; there are bank, telecom"):
        gymnasium.make("nba/ContactCentre-v0", preset="bnak")
    with pytest.raises(InputError, match="no scenario 'storm'; there are normal, peak"):
        gymnasium.make("nba/CustomerJourney-v0", scenario="storm")
