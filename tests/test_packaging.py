"""What is imported, installed and shipped is this checkout, in the versions that were tested."""

import importlib.metadata
import importlib.util
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import nba

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
    skipped = {"__pycache__", ".pytest_cache"}
    ours = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and not skipped & set(path.parts)
    }
    assert shipped == ours


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
