"""Texts that come again and again, each told by its place among the different ones."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nba.types import Texts


@dataclass(frozen=True, slots=True)
class CodedTexts:
    """A text column in two parts: quicker to write than as many texts."""

    codes: NDArray[np.int32]  # (m,)
    names: Texts  # the different ones
