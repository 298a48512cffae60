"""The commit is the one that keeps the code, and says when files differ from it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from experiments.commit import commit_of


def test_the_commit_says_when_files_differ_from_it(tmp_path: Path) -> None:
    git = shutil.which("git")
    if git is None:
        pytest.skip("needs git")
    assert commit_of(tmp_path) == "unknown"
    (tmp_path / "code.py").write_text("1")
    me = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
    for command in (["init", "-q"], ["add", "."], [*me, "commit", "-q", "-m", "m"]):
        subprocess.run([git, "-C", str(tmp_path), *command], check=True)
    clean = commit_of(tmp_path)
    assert len(clean) == 40
    (tmp_path / "code.py").write_text("2")
    assert commit_of(tmp_path) == f"{clean}-dirty"
    (tmp_path / "installed").mkdir()
    assert commit_of(tmp_path / "installed") == "unknown"
