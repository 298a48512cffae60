"""Which commit of this project is running: a run is described by (config, seed, commit)."""

import shutil
import subprocess
from pathlib import Path


def commit_of(folder: Path) -> str:
    """The commit of the git work tree that keeps this folder, with -dirty if files differ from it.

    "unknown" without git, or if the folder is not kept in a work tree (an installed package).
    """
    git = shutil.which("git")
    if git is None:
        return "unknown"
    kept = _output([git, "-C", str(folder), "ls-files", "--", "."])
    describe = ["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    return (kept and _output([git, "-C", str(folder), *describe])) or "unknown"


def _output(command: list[str]) -> str:
    """What a command prints; nothing if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
