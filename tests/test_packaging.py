"""What is imported, installed and shipped is this checkout, in the versions that were tested."""

import importlib.metadata
import importlib.util
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import nba
from hatch_build import SUFFIX

ROOT = Path(__file__).parents[1]
PACKAGES = ("nba", "envs", "experiments", "serving")


def project() -> dict[str, Any]:
    return dict(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"])


def constraints() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if not line.startswith("#")]
    return dict(pairs)


def requirements() -> list[Requirement]:
    lists = [project()["dependencies"], *project()["optional-dependencies"].values()]
    found = [Requirement(text) for texts in lists for text in texts]
    return [requirement for requirement in found if requirement.name != project()["name"]]


@pytest.mark.parametrize("package", PACKAGES)
def test_the_imported_package_is_ours(package: str) -> None:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert Path(str(spec.origin)) == ROOT / package / "__init__.py"


def test_the_installed_version_is_the_one_in_the_code() -> None:
    assert importlib.metadata.version("nba-engine") == nba.__version__


def test_a_registry_would_refuse_the_upload() -> None:
    assert "Private :: Do Not Upload" in project()["classifiers"]


def test_the_wheel_holds_the_four_packages_and_all_of_their_files(tmp_path: Path) -> None:
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if ".dist-info/" not in name}
    ours = files_of_the_packages()
    assert shipped == ours
    pure = not any(name.endswith(SUFFIX) for name in ours)
    assert Path(wheel).name.endswith("-py3-none-any.whl") == pure


def test_the_source_archive_holds_what_the_wheel_is_made_of(tmp_path: Path) -> None:
    (path,) = SdistBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with tarfile.open(path) as archive:
        shipped = {name.partition("/")[2] for name in archive.getnames()}
    written = {name for name in files_of_the_packages() if not name.endswith(SUFFIX)}
    assert written | {"hatch_build.py", "pyproject.toml", "constraints.txt", "Makefile"} <= shipped
    assert not [name for name in shipped if name.startswith("build/") or ".so" in name]


@pytest.mark.slow
def test_where_the_compiler_fails_the_project_works_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    tree, installed = tmp_path / "tree", tmp_path / "installed"
    for name in files_of_the_packages() | {"hatch_build.py", "pyproject.toml", "README.md"}:
        if not name.endswith(SUFFIX):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    shutil.copy2(ROOT / "LICENSE", tree)
    monkeypatch.setenv("CXX", "false")
    monkeypatch.delenv("NBA_PURE", raising=False)
    (wheel,) = WheelBuilder(str(tree)).build(directory=str(tmp_path), versions=["standard"])
    assert "modules were not compiled (" in capfd.readouterr().err
    shutil.unpack_archive(wheel, installed, "zip")
    code = "import sys, nba.cli; print(nba.__file__); sys.exit(nba.cli.main(['serve', '--help']))"
    monkeypatch.setenv("PYTHONPATH", str(installed))
    command = [sys.executable, "-P", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert str(installed) in done.stdout


def files_of_the_packages() -> set[str]:
    """All of them but caches, and what was compiled for another Python."""
    skipped = {"__pycache__", ".pytest_cache"}
    return {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file()
        and not skipped & set(path.parts)
        and (path.suffix != ".so" or path.name.endswith(SUFFIX))
    }


def test_every_requirement_is_fixed_to_a_version_in_its_range() -> None:
    fixed = constraints()
    for requirement in requirements():
        assert requirement.specifier.contains(fixed[canonicalize_name(requirement.name)])


def test_the_constraints_are_exact_and_fit_any_build() -> None:
    for name, version in constraints().items():
        assert name == canonicalize_name(name)
        assert "+" not in str(Version(version)), f"{name}=={version}"


def test_what_is_installed_is_what_was_tested() -> None:
    fixed = constraints()
    found = importlib.metadata.distributions()
    installed = {canonicalize_name(one.name): one.version.partition("+")[0] for one in found}
    shared = installed.keys() & fixed.keys()
    assert {name: installed[name] for name in shared} == {name: fixed[name] for name in shared}
