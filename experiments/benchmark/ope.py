"""How fast and how large offline evaluation is, beside obp on the same arrays in the same run.

Both sides run in processes of their own on one thread, one after the other; times are processor
times. Where obp cannot be installed its figures are those of an earlier run, and the settings say
so.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Final

from experiments.benchmark import own_ope, peer_obp
from experiments.benchmark.ope_streams import stream_rows
from experiments.benchmark.peer_env import OBP, peer_python
from experiments.benchmark.rows import Row

_ROWS: Final = 1_000_000
_ACTIONS: Final = (20, 80)
_WIDTH_ROWS, _WIDTH_LOGS = 2000, 300
_PEER: Final = f"obp {OBP}"
# Measured with this benchmark on 2 cores of an AMD EPYC under Python 3.11; medians.
FROZEN: Final[Mapping[str, float]] = {
    "seconds 20": 1.2,
    "seconds 80": 4.4,
    "peak 20": 1.25e9,
    "peak 80": 3.65e9,
    "resample seconds": 10.7,
    "snips width": 0.146,
}


def rows() -> list[Row]:
    """Estimates per second of rows, memory, resamples, interval widths, streams."""
    return [*compare_with_peer(peer_python()), *stream_rows()]


def compare_with_peer(
    python: Path | None,
    *,
    n: int = _ROWS,
    actions: Sequence[int] = _ACTIONS,
    logs: int = _WIDTH_LOGS,
) -> list[Row]:
    """The rows beside obp; without an interpreter that has it, beside its frozen figures."""
    found = []
    for k in actions:
        found += _estimates(n, k, python)
    return [*found, _resamples(n, actions[0], python), _snips_width(logs, python)]


def _estimates(n: int, k: int, python: Path | None) -> list[Row]:
    own = _own("time", n, k)
    peer = _peer(python, "time", n, k)
    seconds = FROZEN[f"seconds {k}"] if peer is None else _median(peer)
    peak = FROZEN[f"peak {k}"] if peer is None else _number(peer, "peak_bytes")
    settings = f"n={n:,} K={k}, seven estimators with intervals, one thread{_mark(peer)}"
    mine = _median(own)
    return [
        Row("rows estimated", n / mine, "1/s", settings, _PEER, seconds / mine),
        Row(
            "peak memory", _number(own, "peak_bytes") / 1e6, "MB", settings, _PEER,
            _number(own, "peak_bytes") / peak,
        ),
    ]  # fmt: skip


def _resamples(n: int, k: int, python: Path | None) -> Row:
    """Bootstrap resamples per second and estimator."""
    mine = _median(_own("intervals", n, k)) / len(peer_obp.NAMES)
    peer = _peer(python, "intervals", n, k)
    theirs = FROZEN["resample seconds"]
    if peer is not None:
        told = peer["seconds"]
        assert isinstance(told, dict)
        theirs = median(told.values())
    settings = f"n={n:,}, per estimator of seven; the peer's from {peer_obp.RESAMPLES}{_mark(peer)}"
    return Row("resamples", 1000 / mine, "1/s", settings, _PEER, theirs / mine)


def _snips_width(logs: int, python: Path | None) -> Row:
    """The self-normalised estimate's interval where rewards are high: width, and that it covers."""
    widths, held = own_ope.snips_intervals(_WIDTH_ROWS, logs)
    peer = None if python is None else _run_peer(python, ["widths", str(_WIDTH_ROWS), "0", "50"])
    theirs = FROZEN["snips width"]
    if peer is not None:
        told = peer["widths"]
        assert isinstance(told, list)
        theirs = median(told)
    settings = (
        f"95 % SNIPS interval, n={_WIDTH_ROWS:,}, rewards mostly 1; covers {held:.3f} of "
        f"{logs} logs{_mark(peer)}"
    )
    width = median(widths)
    return Row("interval width", width, "EUR", settings, _PEER, width / theirs)


def _own(what: str, n: int, k: int) -> Mapping[str, object]:
    command = [sys.executable, "-m", "experiments.benchmark.own_ope", what, str(n), str(k), "0"]
    return _json(command)


def _peer(python: Path | None, what: str, n: int, k: int) -> Mapping[str, object] | None:
    return None if python is None else _run_peer(python, [what, str(n), str(k), "0"])


def _run_peer(python: Path, words: Sequence[str]) -> Mapping[str, object]:
    return _json([str(python), "-W", "ignore", peer_obp.__file__, *words])


def _json(command: Sequence[str]) -> Mapping[str, object]:
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, **threads}
    )
    told: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return told


def _median(told: Mapping[str, object]) -> float:
    seconds = told["seconds"]
    assert isinstance(seconds, list)
    return float(median(seconds))


def _number(told: Mapping[str, object], name: str) -> float:
    value = told[name]
    assert isinstance(value, int | float)
    return float(value)


def _mark(peer: Mapping[str, object] | None) -> str:
    return "; peer's figure frozen from an earlier run" if peer is None else ""
