"""A calibrated preset goes to a file and comes back; a wrong file is told by key."""

from dataclasses import replace
from pathlib import Path

import pytest

from envs.calibration.fitted import Fitted
from envs.calibration.preset_file import load_config, named_centre, preset_text
from envs.presets import preset
from nba.errors import InputError

FITTED = (
    Fitted("contacts_per_day", 900.5, 3.0, 60, "how"),
    Fitted("n_employees", 11, 0.0, 60, "how"),
    Fitted("profile_hours", 2.5, 0.0, 60, "how"),
    Fitted("profile", (1.0, 2.0, 0.1 + 0.2), (0.1, 0.1, 0.1), (5, 6, 7), "how"),
)


def test_what_is_written_is_read_back_bit_by_bit(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(preset_text("ours", "bank", FITTED, ["a note\nover lines", 'with "quotes"']))
    fields = {row.field: row.value for row in FITTED}
    assert load_config(path) == replace(preset("bank"), name="ours", **fields)  # type: ignore[arg-type]  # fields of the right types
    assert named_centre(str(path)) == load_config(path)
    assert named_centre("bank") == preset("bank")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("base = 'bank'\nextra = 1\n", "unknown key 'extra'"),
        ("name = 'x'\n", "base is None"),
        ("base = 'bnk'\n", "no preset 'bnk'"),
        ("base = 'bank'\nconfig = 3\n", "config is 3"),
        ("base = 'bank'\n[config]\nservice_meen_s = 3\n", "unknown field 'service_meen_s'"),
        ("base = 'bank'\n[config]\nname = 'x'\n", "unknown field 'name'"),
        ("base = 'bank'\n[config]\nn_employees = 2.5\n", "n_employees is 2.5"),
        ("base = 'bank'\n[config]\nservice_cv = true\n", "service_cv is True"),
        ("base = 'bank'\n[config]\nservice_cv = nan\n", "service_cv is nan"),
        ("base = 'bank'\n[config]\nservice_cv = -1\n", "service_cv is -1"),
        ("base = 'bank'\n[config]\nintent_share = [1.0]\n", "intent_share has 1 numbers"),
        ("base = 'bank'\n[config]\nprofile = 'flat'\n", "profile is 'flat'"),
        ("base = 'bank'\n[config]\nall_day = 1\n", "all_day is 1"),
        ("base =\n", "is not TOML"),
    ],
)
def test_a_mistake_names_the_key(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=told) as error:
        load_config(path)
    assert "\n" not in str(error.value).strip()


def test_an_absent_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        named_centre(str(tmp_path / "absent.toml"))
