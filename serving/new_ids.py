"""Decision ids that nobody can guess, made from the system's randomness in bulk."""

import os
from typing import Final

_BYTES: Final = 12  # of an id: 96 bits do not meet by chance
_STOCK: Final = 512  # ids made by one call of the system


class NewIds:
    """Gives a new id at each call; a process that is forked makes its own."""

    def __init__(self) -> None:
        self._stock: list[str] = []
        os.register_at_fork(after_in_child=self._stock.clear)

    def __call__(self) -> str:
        """24 hexadecimal digits."""
        if not self._stock:
            drawn = os.urandom(_BYTES * _STOCK).hex()
            size = 2 * _BYTES
            self._stock += [drawn[at : at + size] for at in range(0, len(drawn), size)]
        return self._stock.pop()
