"""Where the peers are installed: in a folder of their own, looked into after everything of ours."""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

FOLDER: Final = Path(sys.prefix) / "peers"


def installed(module: str) -> bool:
    """Whether a peer can be imported; its folder is put at the end of the path first."""
    if str(FOLDER) not in sys.path and FOLDER.exists():
        sys.path.append(str(FOLDER))
    return find_spec(module) is not None
