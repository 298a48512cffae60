"""The feature specs that a journal's numbers are in: one small file each, beside the segments."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from nba.errors import InputError
from nba.listen.encode import FeatureSpec
from nba.listen.objective import Objective
from nba.listen.whole_file import whole_file

_FOLDER: Final = "specs"


@dataclass(frozen=True, slots=True)
class Kept:
    """A spec, and the objective of the policy that was served with it."""

    spec: FeatureSpec
    objective: Objective


def keep_spec(journal: Path, kept: Kept) -> None:
    """Write the spec down, once; the first objective it was served with stays."""
    path = journal / _FOLDER / f"{kept.spec.version}.json"
    if path.exists():
        return
    plain = {"spec": kept.spec.to_json(), "objective": dict(kept.objective.weights)}
    with whole_file(path) as file:
        file.write(msgspec.json.format(msgspec.json.encode(plain)))


def kept_specs(journal: Path) -> dict[str, Kept]:
    """The specs kept in a journal's folder, or in those of its workers, by version.

    Raises InputError naming a file that is damaged.
    """
    found: dict[str, Kept] = {}
    for pattern in (f"{_FOLDER}/*.json", f"*/{_FOLDER}/*.json"):
        for path in sorted(journal.glob(pattern)):
            kept = _read(path)
            found[kept.spec.version] = kept
    return found


def _read(path: Path) -> Kept:
    try:
        plain: dict[str, Any] = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
        kept = Kept(FeatureSpec.from_json(plain["spec"]), Objective(plain["objective"]))
    except (msgspec.MsgspecError, KeyError, TypeError, InputError) as error:
        raise InputError(
            f"{path} is damaged ({error}); delete it and restart the server"
        ) from error
    if kept.spec.version != path.stem:
        raise InputError(f"{path} holds spec {kept.spec.version}; delete it and restart the server")
    return kept
