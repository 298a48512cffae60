"""What the quality benchmark compares, where, and with how much experience.

What is learned under "normal" is judged on normal days and meets shortage and drift unprepared;
what is learned under "peak" is judged at peak load. Training, tuning and test have blocks of days
of their own (experiments.seeds), and every budget below was fixed on days that are in none of them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from envs.config import CentreConfig
from experiments.config import TrainConfig
from experiments.learned import Schooling
from experiments.seeds import Seeds
from experiments.simulate import centre_of

PRESETS: Final = ("telecom", "bank", "retail")
# Learned under → judged under.
MET: Final = {"normal": ("normal", "shortage", "drift"), "peak": ("peak",)}
HEADLINE: Final = "peak"
ANCHOR: Final = "index_rule"  # what learners have to beat
SCORER: Final = "scorer"  # the headline
TRUTH: Final = "true_greedy"  # greedy with the true model: what looking ahead has to beat
FLOOR: Final = "longest_idle"  # where the gap that a policy closes begins


@dataclass(frozen=True, slots=True)
class Budget:
    """How much of everything a run of the benchmark takes."""

    seeds: int = 10  # trainings of a headline policy at peak load
    rest_seeds: int = 1  # trainings of every other policy there
    normal_seeds: int = 1  # trainings of a headline policy under "normal"
    normal_rest: int = 1  # trainings of every other policy there
    normal_peers: int = 1  # trainings of every peer there
    days: int = 40  # held-out centre-days of each training: a drift lasts 40
    log_days: int = 40
    rounds: int = 10
    round_days: int = 4
    candidates: int = 20  # prices of the index rule
    first_days: int = 16
    refine_days: int = 60
    steps: int = 200_000  # decisions of the nets other than the scorer
    scorer_steps: int = 1_000_000  # decisions of the action scorer, and of its flat rival


@dataclass(frozen=True, slots=True)
class Place:
    """Where and from which seed a policy is learned."""

    preset: str
    learned_in: str  # a key of MET
    seed: int
    budget: Budget
    folder: Path  # where tunings and policy files are kept

    @property
    def centre(self) -> CentreConfig:
        """The centre that it is learned in."""
        return centre_of(self.preset, self.learned_in)

    @property
    def name(self) -> str:
        """Where and from which seed, in words."""
        return f"{self.preset} {self.learned_in} {self.seed}"

    @property
    def seeds(self) -> Seeds:
        """The blocks of days of its seed."""
        return Seeds.of(self.seed)

    def kept(self, what: str) -> Path:
        """The file that keeps something made here."""
        return self.folder / "made" / f"{self.name.replace(' ', '-')}-{what}"

    def schooling(self) -> Schooling:
        """What a rung below the scorer learns from."""
        budget = self.budget
        return Schooling(
            seed=self.seed,
            log_days=budget.log_days,
            rounds=budget.rounds,
            round_days=budget.round_days,
            candidates=budget.candidates,
            first_days=budget.first_days,
            refinements=1,
            refine_days=budget.refine_days,
            steps=budget.steps,
            memory=self.kept("tuning.jsonl"),
        )

    def training(self) -> TrainConfig:
        """How the action scorer is trained."""
        return TrainConfig(
            preset=self.preset,
            scenario=self.learned_in,
            seed=self.seed,
            total_steps=self.budget.scorer_steps,
            log_days=self.budget.log_days,
        )
