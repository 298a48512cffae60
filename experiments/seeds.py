"""Disjoint blocks of simulated days: what one stage saw, no later stage is judged on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seeds:
    """The first site of each stage's block, as a seed of the simulator."""

    learning_log: int
    evaluation_log: int
    tuning: int
    training: int
    test: int
    validation: int

    @classmethod
    def of(cls, seed: int) -> "Seeds":
        """The blocks of one seed below a million."""
        return cls(*(1_000_000 * (block + 1) + seed for block in range(6)))
