"""What is compiled, what is taken away, and what is used where nothing could be compiled."""

import os
import shutil
import subprocess
import sys
import sysconfig
import warnings
import zipfile
from importlib import import_module
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from hatch_build import SUFFIX, built, modules, name, pure_is_asked
from nba.compiled import compiled

ROOT = Path(__file__).parents[1]
DOUBLED = '"""Doubles."""\n\n\ndef doubled(double x):\n    return 2 * x\n'
COMPILER = any(map(shutil.which, ("g++", "c++", "clang++")))
HEADER = Path(sysconfig.get_path("include"), "Python.h")
OTHER_SUFFIX = ".cpython-310-of-another.so"
needs_compiler = pytest.mark.skipif(
    not (COMPILER and HEADER.exists()), reason="there is no C++ compiler, or no Python.h, here"
)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree of four nearly empty packages that is built as ours is."""
    monkeypatch.delenv("NBA_PURE", raising=False)
    tree = tmp_path / "tree"
    for package in ("nba", "envs", "experiments", "serving"):
        (tree / package).mkdir(parents=True)
        (tree / package / "__init__.py").write_text('__version__ = "1"\n')
    for file in ("hatch_build.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy2(ROOT / file, tree)
    (tree / "nba/_doubled.pyx").write_text(DOUBLED)
    return tree


def build(tree: Path) -> subprocess.CompletedProcess[str]:
    """What `python hatch_build.py` says there."""
    command = [sys.executable, str(tree / "hatch_build.py")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def wheel(tree: Path) -> tuple[str, list[str]]:
    """Name and files of its wheel."""
    (path,) = WheelBuilder(str(tree)).build(directory=str(tree / "dist"), versions=["standard"])
    with zipfile.ZipFile(path) as archive:
        return Path(path).name, archive.namelist()


def lie(tree: Path, *names: str) -> list[Path]:
    """Files that look compiled, newer than every source."""
    for file in names:
        (tree / file).write_text("compiled")
    return [tree / file for file in names]


@needs_compiler
@pytest.mark.skipif(pure_is_asked(), reason="NBA_PURE asks for pure Python")
@pytest.mark.parametrize("source", modules(), ids=name)
def test_every_module_is_compiled_where_a_compiler_is(source: Path) -> None:
    assert built(source).exists(), "run `make install`, or `python hatch_build.py`, and read why"
    assert import_module(name(source)).__file__ == str(built(source))


@pytest.mark.slow
@needs_compiler
def test_a_module_is_compiled_beside_its_source_once(tree: Path) -> None:
    assert build(tree).returncode == 0
    (library,) = tree.glob("nba/*.so")
    assert library.name == f"_doubled{SUFFIX}"
    code = "from nba._doubled import doubled; print(doubled(2.5))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=True)
    assert done.stdout == "5.0\n"

    first = library.stat()
    assert build(tree).stdout == ""
    assert library.stat() == first

    file, files = wheel(tree)
    assert f"-cp{sys.version_info[0]}{sys.version_info[1]}-" in file
    assert {f"nba/_doubled{SUFFIX}", "nba/_doubled.pyx"} <= set(files)
    assert not [name for name in files if name.startswith("build") or name.endswith(".cpp")]

    (tree / "nba/_doubled.pyx").write_text(DOUBLED.replace("2 * x", "4 * x"))
    os.utime(tree / "nba/_doubled.pyx", (first.st_mtime + 9, first.st_mtime + 9))
    assert build(tree).returncode == 0
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=True)
    assert done.stdout == "10.0\n"


@pytest.mark.parametrize("compiler", ["false", "no-such-compiler"])
def test_a_compiler_that_fails_gives_a_pure_wheel_and_one_line_that_says_so(
    tree: Path,
    compiler: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (old,) = lie(tree, f"nba/_doubled{SUFFIX}")
    os.utime(old, (0, 0))
    monkeypatch.setenv("CXX", compiler)
    file, files = wheel(tree)
    assert file.endswith("-py3-none-any.whl")
    assert not [name for name in files if name.endswith(".so")]
    assert not old.exists()
    (line,) = capfd.readouterr().err.splitlines()
    assert "1 modules were not compiled" in line
    assert compiler in line
    assert "apt-get install g++" in line
    assert compiler in (tree / "build/compile.log").read_text(encoding="utf-8")


def test_a_source_that_is_wrong_is_told_with_its_place(tree: Path) -> None:
    (tree / "nba/_doubled.pyx").write_text(DOUBLED.replace("2 * x", "2 * y"))
    done = build(tree)
    assert done.returncode == 1
    assert "nba/_doubled.pyx:5:" in done.stderr


def test_a_wheel_is_pure_if_that_is_asked_and_the_tree_stays(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (library,) = lie(tree, f"nba/_doubled{SUFFIX}")
    monkeypatch.setenv("NBA_PURE", "1")
    file, files = wheel(tree)
    assert file.endswith("-py3-none-any.whl")
    assert not [name for name in files if name.endswith(".so")]
    assert library.exists()


def test_what_does_not_fit_its_source_is_taken_away(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, gone, others, others_gone = lie(
        tree,
        f"nba/_doubled{SUFFIX}",
        f"nba/_gone{SUFFIX}",
        f"nba/_doubled{OTHER_SUFFIX}",
        f"nba/_gone{OTHER_SUFFIX}",
    )
    monkeypatch.setenv("NBA_PURE", "1")
    assert build(tree).returncode == 0
    assert not mine.exists()
    assert not gone.exists()
    assert not others_gone.exists()
    assert others.exists(), "another Python made it of these very sources"
    os.utime(others, (0, 0))
    assert build(tree).returncode == 0
    assert not others.exists()


def test_a_module_that_was_not_built_is_none() -> None:
    assert compiled("nba.act._never_written") is None


def test_a_module_that_is_broken_is_told_once_and_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"_cut_short{SUFFIX}").write_text("")
    (tmp_path / "_lacks_another.py").write_text("import _never_written")
    monkeypatch.syspath_prepend(tmp_path)
    for module in ("_cut_short", "_lacks_another"):
        with pytest.warns(RuntimeWarning, match=f"{module} was built but cannot be loaded"):
            assert compiled(module) is None
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert compiled(module) is None


def test_a_room_that_is_not_there_is_our_own_mistake() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_room"):
        compiled("nba.no_such_room._scorer")
