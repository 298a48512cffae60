"""Compile the kernel once, so that the next start reads it from numba's cache."""

import shutil
from pathlib import Path

import numpy as np

from envs import step
from envs.jit import cache_directory
from envs.journey import CustomerJourney
from envs.presets import preset
from envs.state import QUEUE
from envs.vector import ContactCentreVector


def main() -> None:
    """Run a step of two centres and a journey, which compiles all there is; drop older kernels."""
    vector = ContactCentreVector(preset("bank"), 2, 0)
    vector.reset()
    vector.step(np.full(2, QUEUE))
    vector.true_values()
    CustomerJourney().reset(seed=0)
    _forget_older(cache_directory(Path(step.__file__)).parent)


def _forget_older(kept: Path) -> None:
    sources = Path(__file__).parent.glob("*.py")
    current = {cache_directory(source).name for source in sources}
    for folder in kept.glob("*-*"):
        if folder.is_dir() and folder.name not in current:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
