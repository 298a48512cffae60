"""The server's counters: an addition costs a memory access, the text is made on a scrape."""

from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path
from struct import Struct
from typing import Final

from serving.journal.records import DecisionRecord, float64s
from serving.metrics.board import Board, read_board
from serving.metrics.cells import Cell, Histogram, Tally, new_cell, new_histogram, new_tally
from serving.metrics.families import FAMILIES

_DOUBLE: Final = Struct("<d")
BUCKETS: Final = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)


class Metrics:
    """The numbers of one worker, and the sum over all of them."""

    def __init__(self, folder: Path | None = None, *, worker: int = 0, workers: int = 1) -> None:
        """With a folder the workers read each other's boards there."""
        self.worker = worker
        self.last_fallback = ""
        self.board = Board(None if folder is None else board_path(folder, worker))
        others = (other for other in range(workers) if other != worker)
        self._others = {w: board_path(folder, w) for w in others} if folder is not None else {}
        self._cells: dict[tuple[str, ...], Cell] = {}
        self._tallies: dict[tuple[str, str, str], Tally] = {}
        self._propensity = self.cell("nba_propensity_sum")
        self._opt_outs = self.cell("nba_opt_outs_total")

    def cell(self, name: str, *labels: str) -> Cell:
        """The number of a metric under labels: name, value, name, value, and so on."""
        key = (name, *labels)
        found = self._cells.get(key)
        if found is None:
            assert name in FAMILIES, f"{name} is missing in serving/metrics/families.py"
            found = self._cells[key] = self._at(_key(name, _labels(labels)))
        return found

    def own(self, name: str) -> Cell:
        """A gauge that each worker has for itself."""
        return self.cell(name, "worker", str(self.worker))

    def histogram(self, name: str, *labels: str) -> Histogram:
        """A histogram under labels; keep it, each call makes a new one on the same numbers."""
        assert FAMILIES[name].kind == "histogram"
        text = _labels(labels)
        edges = [f"{edge:g}" for edge in BUCKETS] + ["+Inf"]
        buckets = [self._at(_key(f"{name}_bucket", text, f'le="{edge}"')) for edge in edges]
        return new_histogram(array("d", BUCKETS), buckets, self._at(_key(f"{name}_sum", text)))

    def decided(self, record: DecisionRecord) -> None:
        """Count a decision that was acknowledged."""
        tally = self.tally(record.mode, record.policy, record.policy_version, record.chosen_kind)
        tally.count(record_propensity(record))
        if record.control:
            self.cell("nba_control_total", "control", record.control).add()
        if not record.training:
            self._opt_outs.add()
        if record.fallback_reason:
            self.last_fallback = record.fallback_reason
            cause = record.fallback_reason.partition(":")[0]
            self.cell("nba_fallbacks_total", "cause", cause).add()

    def decided_together(
        self, policy: str, version: str, kinds: Mapping[str, int], propensity: float
    ) -> None:
        """Count what a policy decided in columns: how many of each kind, the propensities' sum."""
        for kind, number in kinds.items():
            labels = ("mode", "policy", "policy", policy, "version", version, "kind", kind)
            self.cell("nba_decisions_total", *labels).add(number)
        self._propensity.add(propensity)

    def tally(self, mode: str, policy: str, version: str, kind: str) -> Tally:
        """What counts acknowledged decisions that were made so; keep it where many are."""
        key = (mode, version, kind)
        found = self._tallies.get(key)
        if found is None:
            labels = ("mode", mode, "policy", policy, "version", version, "kind", kind)
            cell = self.cell("nba_decisions_total", *labels)
            found = self._tallies[key] = new_tally(cell, self._propensity)
        return found

    def _at(self, name: str) -> Cell:
        return new_cell(self.board.cells, self.board.place(name))

    def watched(self, record: DecisionRecord, versions: Sequence[str]) -> None:
        """Count how the policies that watched compare with what was done; no score is an error."""
        taken = record.action_ids[record.chosen]
        scores = {score.policy_version: score for score in record.shadow}
        for version in versions:
            score = scores.get(version)
            if score is None:
                self.cell("nba_shadow_errors_total", "version", version).add()
                continue
            if record.mode == "baseline":
                family, same = "nba_apprentice", "_matched"
                agrees = int(float64s(score.probabilities).argmax()) == record.chosen
                self.cell(f"{family}_total", "version", version).add()
            else:
                family, same = "nba_shadow", "_agreed"
                agrees = score.chosen == taken
                self.cell(f"{family}_scored_total", "version", version).add()
            if agrees:
                self.cell(f"{family}{same}_total", "version", version).add()

    def scored(self) -> dict[str, float]:
        """How the policies that do not act, or only watch, compare with what was done."""
        names = ("nba_shadow_", "nba_apprentice_")
        return {sample: v for sample, v in self.total().items() if sample.startswith(names)}

    def everybody(self) -> Sequence[dict[str, float]]:
        """The numbers of each worker, this one's first."""
        return [self.board.read(), *map(read_board, self._others.values())]

    def total(self) -> dict[str, float]:
        """Sample → value, summed over the workers."""
        total: dict[str, float] = {}
        for numbers in self.everybody():
            for sample, value in numbers.items():
                total[sample] = total.get(sample, 0.0) + value
        return total

    def generations(self) -> dict[int, float]:
        """Worker → the generation of the plan that it serves; 0 while it starts."""
        name = "nba_policy_generation"
        found = {self.worker: self.own(name).value}
        for worker, path in self._others.items():
            found[worker] = read_board(path).get(_key(name, f'worker="{worker}"'), 0.0)
        return found


def record_propensity(record: DecisionRecord) -> float:
    """The probability of what was chosen, without an array."""
    (found,) = _DOUBLE.unpack_from(record.probabilities, 8 * record.chosen)
    return float(found)


def board_path(folder: Path, worker: int) -> Path:
    """Where a worker keeps its numbers."""
    return folder / f"worker-{worker}.numbers"


def family_total(samples: dict[str, float], name: str) -> float:
    """The sum of a metric over its labels.

    >>> family_total({'a{x="1"}': 2.0, 'a{x="2"}': 3.0, "ab": 1.0}, "a")
    5.0
    """
    return sum(value for sample, value in samples.items() if sample.partition("{")[0] == name)


def _key(name: str, *labels: str) -> str:
    inner = ",".join(label for label in labels if label)
    return f"{name}{{{inner}}}" if inner else name


def _labels(labels: tuple[str, ...]) -> str:
    pairs = zip(labels[::2], labels[1::2], strict=True)
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in pairs)


def _escaped(value: str) -> str:
    return value[:128].replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
