"""A calibrated centre in a TOML file: the base preset by name, and the fields that were fitted.

`[std_error]` and `[rows]` tell how sure each field is; reading uses `base` and `[config]`.
"""

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Final

from envs.calibration.fitted import Fitted
from envs.config import CentreConfig
from envs.presets import preset
from nba.errors import InputError

_TABLES: Final = ("config", "std_error", "rows")
_ANY_LENGTH: Final = ("profile", "weekday_factors")


def named_centre(name: str) -> CentreConfig:
    """The centre of a preset's name, or of a calibrated file whose name ends with .toml."""
    return load_config(Path(name)) if name.endswith(".toml") else preset(name)


def load_config(path: Path) -> CentreConfig:
    """The centre that a calibrated file describes; InputError names the file and the key."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not TOML: {error}") from error
    unknown = [key for key in found if key not in ("base", "name", *_TABLES)]
    if unknown:
        known = ", ".join(("base", "name", *_TABLES))
        raise InputError(f"{path} has an unknown key {unknown[0]!r}; use {known}")
    base = found.get("base")
    if not isinstance(base, str):
        raise InputError(f"{path}: base is {base!r}; name the preset whose other fields are kept")
    given = found.get("config", {})
    if not isinstance(given, dict):
        raise InputError(f"{path}: config is {given!r}; a table of fields is needed")
    centre = preset(base)
    name = str(found.get("name", path.stem))
    values = {key: _field(path, centre, key, value) for key, value in given.items()}
    return replace(centre, **{"name": name, **values})  # type: ignore[arg-type]  # each value was checked against its field


def preset_text(name: str, base: str, fitted: Sequence[Fitted], notes: Sequence[str] = ()) -> str:
    """The TOML text of fitted fields."""
    lines = [f"# {' '.join(note.split())}" for note in notes]
    lines += [f"name = {_toml(name)}", f"base = {_toml(base)}"]
    tables: Mapping[str, Mapping[str, object]] = {
        "config": {row.field: row.value for row in fitted},
        "std_error": {row.field: row.std_error for row in fitted},
        "rows": {row.field: row.n for row in fitted},
    }
    for table, values in tables.items():
        lines += ["", f"[{table}]", *(f"{key} = {_toml(value)}" for key, value in values.items())]
    return "\n".join(lines) + "\n"


def _field(path: Path, base: CentreConfig, key: str, value: object) -> object:
    if key not in {f.name for f in fields(CentreConfig)} or key == "name":
        close = ", ".join(f.name for f in fields(CentreConfig) if f.name[:4] == key[:4])
        raise InputError(
            f"{path}: config has an unknown field {key!r}; "
            f"{f'near it are {close}' if close else 'see envs.config.CentreConfig'}"
        )
    kind = getattr(base, key)
    if isinstance(kind, tuple):
        given = value if isinstance(value, list) else []
        if not given or not all(_is_number(entry) for entry in given):
            raise InputError(f"{path}: {key} is {value!r}; a list of finite numbers is needed")
        if key not in _ANY_LENGTH and len(given) != len(kind):
            raise InputError(f"{path}: {key} has {len(given)} numbers; {len(kind)} are needed")
        return tuple(float(entry) for entry in given)
    if isinstance(kind, bool | str):
        right = type(value) is type(kind)
    else:
        right = _is_number(value) and (isinstance(kind, float) or isinstance(value, int))
    if not right:
        raise InputError(
            f"{path}: {key} is {value!r}; a finite value of type {type(kind).__name__} is needed"
        )
    return float(value) if isinstance(kind, float) else value  # type: ignore[arg-type]  # a number, as was just checked


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _toml(value: object) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(entry) for entry in value)}]"
    if isinstance(value, float):
        return repr(float(value))
    return str(value)
