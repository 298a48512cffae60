"""Where the peers are installed: in a folder of their own, looked into after everything of ours."""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

FOLDER: Final = Path(sys.prefix) / "peers"


def look_there() -> None:
    """Put the peers' folder at the end of this process's path; do so before importing one."""
    if str(FOLDER) not in sys.path and FOLDER.exists():
        sys.path.append(str(FOLDER))


def installed(module: str) -> bool:
    """Whether a peer can be imported."""
    look_there()
    return find_spec(module) is not None
