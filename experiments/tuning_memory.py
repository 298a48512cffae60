"""What a search has simulated so far, on disk: an interrupted one goes on where it stopped.

One JSON object per line, appended as each simulation ends; a line cut by a crash is left out.
"""

import hashlib
from pathlib import Path

import msgspec

from envs.config import CentreConfig
from nba import __version__
from nba.act.golden import golden_inputs
from nba.errors import InputError
from nba.listen.encode import FeatureSpec
from nba.types import RewardModel
from nba.understand.prices import Prices


class _Line(msgspec.Struct, frozen=True):
    """One simulation: for which search, on which days, with which prices, and what it earned."""

    search: str
    n_days: int
    seed: int
    prices: Prices
    eur_per_contact: float


class TuningMemory:
    """The simulations of one reward model in one centre; other searches may share the file."""

    def __init__(
        self, path: Path, model: RewardModel, spec: FeatureSpec, config: CentreConfig
    ) -> None:
        self._path = path
        self._search = _digest(model, spec, config)
        self._lines = [line for line in _read(path) if line.search == self._search]
        path.parent.mkdir(parents=True, exist_ok=True)
        _end_last_line(path)

    def known(self, n_days: int, seed: int) -> dict[Prices, float]:
        """EUR per contact of the prices that were simulated on these days."""
        return {
            line.prices: line.eur_per_contact
            for line in self._lines
            if (line.n_days, line.seed) == (n_days, seed)
        }

    def keep(self, n_days: int, seed: int, prices: Prices, eur_per_contact: float) -> None:
        """Append one simulation; it is on disk when this returns."""
        line = _Line(self._search, n_days, seed, prices, eur_per_contact)
        self._lines.append(line)
        with self._path.open("ab") as file:
            file.write(msgspec.json.encode(line) + b"\n")


def _read(path: Path) -> list[_Line]:
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")
    found = []
    for number, text in enumerate(lines, start=1):
        try:
            found += [msgspec.json.decode(text, type=_Line)] if text else []
        except msgspec.ValidationError as error:
            raise InputError(
                f"line {number} of {path} is no simulation of a search ({error}); give another file"
            ) from error
        except msgspec.DecodeError:
            continue  # cut by a crash: that simulation runs again
    return found


def _end_last_line(path: Path) -> None:
    """Give a line that a crash cut its end, so that it does not spoil the next one."""
    text = path.read_bytes() if path.exists() else b""
    if text and not text.endswith(b"\n"):
        path.write_bytes(text + b"\n")


def _digest(model: RewardModel, spec: FeatureSpec, config: CentreConfig) -> str:
    """What the earnings depend on besides days and prices: the model is known by its answers."""
    context, actions, _ = golden_inputs(spec)
    answers = model.batch_rewards(context, actions).tobytes()
    told = f"{__version__} {spec.version} {config!r}".encode()
    return hashlib.blake2b(answers + told, digest_size=8).hexdigest()
