"""Settings come from defaults, variables and the command line, and are refused by name."""

from dataclasses import fields
from pathlib import Path

import pytest

from nba.errors import InputError
from serving.settings import PREFIX, Settings, settings_from


def test_what_is_given_beats_the_environment_and_that_beats_the_defaults() -> None:
    environment = {"NBA_SERVE_PORT": "9000", "NBA_SERVE_JOURNAL": "/j", "HOME": "/root"}
    found = settings_from(environment, given={"port": 9001, "host": None})
    assert (found.port, found.journal, found.host) == (9001, Path("/j"), "127.0.0.1")
    assert settings_from({}) == Settings()


@pytest.mark.parametrize("name", [field.name for field in fields(Settings)])
def test_every_setting_has_a_variable(name: str) -> None:
    default = getattr(Settings(), name)
    assert settings_from({PREFIX + name.upper(): str(default)}) == Settings()


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"NBA_SERVE_PROT": "1"}, "NBA_SERVE_PROT is unknown"),
        ({"NBA_SERVE_PORT": "http"}, "NBA_SERVE_PORT is 'http'; it must be of type int"),
        ({"NBA_SERVE_PORT": "70000"}, "port is 70000"),
        ({"NBA_SERVE_DURABILITY": "maybe"}, "durability is 'maybe'; use one of fsync, os"),
        ({"NBA_SERVE_MAX_ACTIONS": "0"}, "max_actions is 0"),
        ({"NBA_SERVE_WORKERS": "0"}, "workers is 0; use 1 to 64"),
        ({"NBA_SERVE_LOG_FORMAT": "xml"}, "log_format is 'xml'; use one of text, json"),
        ({"NBA_SERVE_TLS_CERT": "a.pem"}, "tls_cert and tls_key go together"),
        ({"NBA_SERVE_MAX_LAG_S": "0"}, r"max_lag_s is 0\.0; a number above 0 is needed"),
        ({"NBA_SERVE_OCCUPANCY_CAP": "1.5"}, r"occupancy_cap is 1\.5"),
    ],
)
def test_a_wrong_setting_is_named(environment: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        settings_from(environment)
