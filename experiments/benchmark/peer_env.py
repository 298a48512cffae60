"""An environment of its own for the peer, made on demand: the project never depends on it."""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Final

from nba.terminal import note

OBP: Final = "0.5.7"
# obp names old Pythons and old libraries; it runs with these.
_LIBRARIES: Final = (
    "numpy", "pandas==2.3.3", "scikit-learn", "scipy", "seaborn", "tqdm", "pyyaml", "matplotlib",
    "typing_extensions", "sympy", "networkx", "jinja2", "fsspec", "filelock",
)  # fmt: skip
_TORCH: Final = "torch==2.13.0"
_MINUTES: Final = 15


def peer_python(folder: Path | None = None) -> Path | None:
    """The interpreter of an environment with obp, made if absent; None if it cannot be made."""
    place = folder or Path(tempfile.gettempdir()) / f"nba-peer-obp-{OBP}"
    python = place / "bin" / "python"
    done = place / "complete"
    if done.exists():
        return python
    note(f"installing obp {OBP} into {place}, once …")
    try:
        venv.create(place, with_pip=True, clear=True)
        for words in (
            _LIBRARIES,
            ("--no-deps", "--ignore-requires-python", f"obp=={OBP}", "pyieoe", _TORCH),
        ):
            _run([str(python), "-m", "pip", "install", "-qq", *words])
        _run([str(python), "-W", "ignore", "-c", "import obp.ope"])
    except (subprocess.SubprocessError, OSError) as error:
        note(f"obp {OBP} could not be installed ({type(error).__name__}); showing frozen figures")
        return None
    done.touch()
    return python


def _run(command: list[str]) -> None:
    subprocess.run(
        command, check=True, timeout=60 * _MINUTES, stdout=subprocess.DEVNULL, stderr=sys.stderr
    )
