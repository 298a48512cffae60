"""Compile the kernel once, so that the next start reads it from numba's cache."""

import numpy as np

from envs.presets import preset
from envs.state import QUEUE
from envs.vector import ContactCentreVector


def main() -> None:
    """Run two steps of two centres, which compiles everything that is compiled."""
    vector = ContactCentreVector(preset("bank"), 2, 0)
    vector.reset()
    vector.step(np.full(2, QUEUE))


if __name__ == "__main__":
    main()
