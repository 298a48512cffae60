"""How many decisions a learner needs until it passes greedy, and until the tuned index rule.

Every snapshot lives through the same held-out days as the two. A bandit's decisions are those that
it served; the scorer's are simulated ones, those of the bandit that it starts from included. The
index rule's own tuning, which is not counted, simulates millions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from envs.evaluate_days import DayTable, simulate
from experiments.benchmark.cells import Record
from experiments.benchmark.quality.judge import alone
from experiments.benchmark.quality.ladder import bandit_start, from_start, priced_start
from experiments.benchmark.quality.protocol import ANCHOR, Place
from experiments.benchmark.quality.rounds import learned_by_serving
from experiments.compare import paired_difference
from nba.act.bundle import load_policy
from nba.learn.linear_bandit import LinearBandit, epsilon_greedy, linucb, squarecb, thompson
from nba.types import DecisionLog, Policy

_BANDITS: Final = {
    "epsilon_greedy": lambda: LinearBandit(epsilon_greedy(epsilon=0.1)),
    "linucb": lambda: LinearBandit(linucb(width=1.0)),
    "thompson": lambda: LinearBandit(thompson(seed=0)),
    "squarecb": lambda: LinearBandit(squarecb(scale=0.5)),
}
LEARNERS: Final = (*_BANDITS, "scorer_from_nothing", "scorer_from_bandit", "scorer")
PASSED: Final = ("greedy", ANCHOR)
_EARLY: Final = (1, 2)  # updates of the scorer after which it is looked at,
_EVERY: Final = 8  # and then after every so many
DAYS: Final = 16  # held-out days that a snapshot lives through


@dataclass(slots=True)
class _Watch:
    """Lets every snapshot live through the held-out days."""

    place: Place
    name: str
    passed: Mapping[str, DayTable]
    before: int = 0  # decisions that what is watched now starts with
    records: list[Record] = field(default_factory=list)

    def __call__(self, policy: Policy, decisions: int) -> None:
        table = self.lived(policy, self.place)
        gains = {name: paired_difference(table, other) for name, other in self.passed.items()}
        self.records.append(
            {
                "policy": self.name,
                "preset": self.place.preset,
                "seed": self.place.seed,
                "decisions": self.before + decisions,
                "eur_per_contact": float(table["eur_per_contact"].mean()),
                **{f"over {name}": gain.value for name, gain in gains.items()},
                **{f"over {name}, low": gain.low for name, gain in gains.items()},
            }
        )

    @staticmethod
    def lived(policy: Policy, place: Place) -> DayTable:
        """The held-out days under a policy."""
        days = min(DAYS, place.budget.days)
        return simulate(policy, place.centre, n_days=days, seed=place.seeds.test)


@dataclass(slots=True)
class _Counting:
    """A bandit that counts the decisions it has seen, and shows each policy."""

    bandit: LinearBandit
    show: Callable[[Policy, int], None] | None = None
    decisions: int = 0

    def learn(self, log: DecisionLog) -> None:
        self.bandit.learn(log)
        self.decisions += len(log)
        if self.show is not None:
            self.show(self.bandit.policy(), self.decisions)

    def policy(self) -> Policy:
        return self.bandit.policy()


def efficiency_cell(name: str, place: Place) -> list[Record]:
    """A record per snapshot of one learner; the place's headline policies have to be there."""
    with alone():
        files = {other: place.kept(f"{other}.safetensors") for other in PASSED}
        passed = {
            other: _Watch.lived(load_policy(file).policy, place) for other, file in files.items()
        }
        watch = _Watch(place, name, passed)
        if name in _BANDITS:
            learned_by_serving(_Counting(_BANDITS[name](), watch), place)
        else:
            _train(name, place, watch)
        return watch.records


def decisions_until(records: Sequence[Record], name: str, other: str) -> float | None:
    """Decisions of the first snapshot from which on a learner is surely above another, if any."""
    sure: float | None = None
    for record in (each for each in records if each["policy"] == name):
        if float(record[f"over {other}, low"]) <= 0.0:
            sure = None
        elif sure is None:
            sure = float(record["decisions"])
    return sure


def _train(name: str, place: Place, watch: _Watch) -> None:
    config = place.training()
    per_update = config.n_envs * config.rollout_steps
    if name == "scorer_from_bandit":
        start = bandit_start(place)
        served = _Counting(_BANDITS["linucb"]())
        learned_by_serving(served, place)
        watch.before = served.decisions
    else:
        start = priced_start(place)
    if name == "scorer_from_nothing":
        start = replace(start, prior_weight=0.0)

    def shown(policy: Policy, decisions: int) -> None:
        number = decisions // per_update
        if number in _EARLY or number % _EVERY == 0:
            watch(policy, decisions)

    from_start(place, start, watch=shown)
