"""A file is there whole or not at all."""

from pathlib import Path

import pytest

from nba.errors import LogError
from nba.listen.whole_file import is_unfinished, remove_unfinished, whole_file


def test_a_file_is_not_seen_before_its_end(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.json"
    with whole_file(path) as file:
        file.write(b"{}")
        assert not path.exists()
        assert all(is_unfinished(other) for other in path.parent.iterdir())
    assert path.read_bytes() == b"{}"
    assert list(path.parent.iterdir()) == [path]


def test_a_block_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"before")

    def fail() -> None:
        with whole_file(path) as file:
            file.write(b"half")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(LogError, match=r"file/a.json cannot be written \(.+\); make room"),
        whole_file(tmp_path / "file" / "a.json"),
    ):
        pass


def test_only_unfinished_files_are_removed(tmp_path: Path) -> None:
    (tmp_path / ".part-1.parquet.99.unfinished").write_text("")
    for name in ("part-1.parquet", ".hidden"):
        (tmp_path / name).write_text("")
    remove_unfinished(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == [".hidden", "part-1.parquet"]
