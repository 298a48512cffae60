"""How often the gate promotes what is no better, and refuses what is: on planted truth.

Targets of an exactly known gain (none, a loss, a lift) are judged from several hundred logs each:
in the worlds of the coverage study, in logs that are faulty, and in the simulated contact centre.
"""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from math import sqrt
from pathlib import Path
from typing import Final

import numpy as np

from experiments.benchmark.cells import Record, markdown, study
from experiments.benchmark.coverage_worlds import World, draw_rows, worlds
from experiments.benchmark.gate_simulator import simulator_cells
from experiments.benchmark.rows import Row
from nba import __version__
from nba.evaluate.difference import difference
from nba.evaluate.doubly_robust import dr
from nba.evaluate.gate import gate
from nba.evaluate.rows import WeightedRows
from nba.evaluate.stats import Statistics

SIZES: Final = (1000, 5000, 20_000)
LOGS: Final = 400
GAINS: Final = {"worse": -0.3, "no better": 0.0, "better": 0.3}  # of what could be had or lost
VERDICTS: Final = ("PROMOTE", "HOLD", "CANT_TELL")
COLUMNS: Final = ("world", "n", "truth", "gain", "logs", *VERDICTS, "false promotion ≤")
WIDE: Final = (
    "world", "n", "worse: PROMOTE", "no better: PROMOTE", "better: PROMOTE", "better: HOLD",
)  # fmt: skip
_SEED: Final = 40_960
Fault = Callable[[WeightedRows, np.random.Generator], WeightedRows]


def rows(*, logs: int = LOGS, folder: Path | None = None) -> list[Row]:
    """Rates of wrong verdicts over all cells, and the table beside the cells."""
    cells: dict[str, Callable[[], list[Record]]] = {
        f"{name} {n} {truth}": partial(judge, with_gain(world, share), n, truth=truth, logs=logs)
        for name, world in worlds().items()
        for n in SIZES
        for truth, share in GAINS.items()
    }
    cells |= faulty_cells(logs)
    cells |= simulator_cells()
    records = study("gate", cells, settings=f"{__version__} {logs}", folder=folder)
    if folder is not None:
        (folder / "gate.md").write_text(markdown(records, COLUMNS))
        (folder / "gate_wide.md").write_text(markdown(wide(records), WIDE))
    return summary(records)


def summary(records: list[Record]) -> list[Row]:
    """False promotions and refusals by what was true, pooled, and the worst cell of each."""
    told = []
    for truth, verdict in (
        ("no better", "PROMOTE"),
        ("worse", "PROMOTE"),
        ("faulty log", "PROMOTE"),
        ("better", "HOLD"),
        ("better", "CANT_TELL"),
    ):
        cells = [r for r in records if _kind(r) == truth]
        if not cells:
            continue
        n_logs = sum(float(r["logs"]) for r in cells)
        rate = sum(float(r[verdict]) * float(r["logs"]) for r in cells) / n_logs
        worst = max(cells, key=lambda r: float(r[verdict]))
        where = f"worst {float(worst[verdict]):.3f}: {worst['world']} n={worst['n']}"
        settings = f"{n_logs:,.0f} logs in {len(cells)} cells, {where}"
        told.append(Row(f"{truth}: {verdict}", rate, "", settings))
    return told


def _kind(record: Record) -> str:
    """What is true of a target, or that its log is faulty."""
    world = str(record["world"])
    sound = world in worlds() or world.startswith("contact centre")
    return str(record["truth"]) if sound else "faulty log"


def wide(records: list[Record]) -> list[Record]:
    """One line per world and size that has targets of all three truths."""
    groups: dict[tuple[str, float], dict[str, Record]] = {}
    for record in records:
        key = str(record["world"]), float(record["n"])
        groups.setdefault(key, {})[str(record["truth"])] = record
    lines: list[Record] = []
    for (world, n), group in groups.items():
        if len(group) == len(GAINS):
            line: dict[str, str | float] = {"world": world, "n": int(n)}
            for name in WIDE[2:]:
                truth, _, verdict = name.partition(": ")
                line[name] = group[truth][verdict]
            lines.append(line)
    return lines


def judge(
    world: World,
    n: int,
    *,
    truth: str,
    logs: int,
    fault: Fault | None = None,
    unsupported: float = 0.0,
) -> list[Record]:
    """The gate's verdicts on a world's target, from logs of n rows."""
    rng = np.random.default_rng([_SEED, n, zlib.crc32(f"{world.name} {truth}".encode())])
    counts = dict.fromkeys(VERDICTS, 0)
    for _ in range(logs):
        drawn = draw_rows(world, n, rng)
        statistics = Statistics()
        statistics.add(drawn if fault is None else fault(drawn, rng))
        found = difference(statistics, dr.estimand)
        counts[gate(found, unsupported=unsupported).verdict] += 1
    return [record(world.name, n, truth, world.gain, counts)]


def record(world: str, n: int, truth: str, gain: float, counts: Mapping[str, int]) -> Record:
    """One line of the table; the last column is the end of a 95 % interval of the first verdict."""
    logs = sum(counts.values())
    shares = {verdict: counts[verdict] / logs for verdict in VERDICTS}
    highest = _wilson_high(counts["PROMOTE"], logs) if gain <= 1e-12 else "-"
    gain = 0.0 if abs(gain) < 1e-12 else gain
    return {
        "world": world, "n": n, "truth": truth, "gain": gain, "logs": logs, **shares,
        "false promotion ≤": highest,
    }  # fmt: skip


def with_gain(world: World, share: float) -> World:
    """The world with a target whose gain over the logging policy is known exactly.

    A target that likes high means and one that likes low ones are mixed; what a policy earns is
    linear in its probabilities. `share` is that of the first's gain or, below 0, of the other's
    loss.
    """
    liking = world.mean > world.mean.mean(axis=1, keepdims=True)
    ends = []
    for good in (liking, ~liking):
        tilted = world.target * np.where(good, 1.0, 0.05)
        ends.append(tilted / tilted.sum(axis=1, keepdims=True))
    high, low = (replace(world, target=end).gain for end in ends)
    assert low < 0.0 < high, f"in {world.name} no target is worse, or none is better"
    wanted = share * (high if share > 0 else -low)
    mix = (wanted - low) / (high - low)
    return replace(world, target=mix * ends[0] + (1.0 - mix) * ends[1])


def faulty_cells(logs: int) -> Mapping[str, Callable[[], list[Record]]]:
    """Targets that lose, from logs that were written wrong or never tried what they do."""
    plain = with_gain(worlds()["plain"], GAINS["worse"])
    faults: Mapping[str, Fault] = {
        "propensities 2.5 times too small": _weights_times(2.5),
        "propensities 2.5 times too large": _weights_times(0.4),
        "propensities shifted by a row": _shifted,
        "rewards of a quarter lost as 0": _rewards_lost,
    }
    cells = {
        f"{name} {n}": partial(
            judge, replace(plain, name=name), n, truth="worse", logs=logs, fault=fault
        )
        for name, fault in faults.items()
        for n in SIZES
    }
    for share in (0.3, 0.03):
        world = _never_tried(worlds()["plain"], share)
        for told, unsupported in (("", 0.0), (", a kind of its own", share)):
            named = replace(world, name=f"{share:.0%} never tried{told}")
            for n in SIZES:
                cells[f"{named.name} {n}"] = partial(
                    judge, named, n, truth="worse", logs=logs, unsupported=unsupported
                )
    return cells


def _weights_times(factor: float) -> Fault:
    def fault(drawn: WeightedRows, _: np.random.Generator) -> WeightedRows:
        return replace(drawn, weight=factor * drawn.weight)

    return fault


def _shifted(drawn: WeightedRows, _: np.random.Generator) -> WeightedRows:
    return replace(drawn, weight=np.roll(drawn.weight, 1))


def _rewards_lost(drawn: WeightedRows, rng: np.random.Generator) -> WeightedRows:
    return replace(drawn, reward=np.where(rng.random(len(drawn.reward)) < 0.25, 0.0, drawn.reward))


def _never_tried(world: World, share: float, loss: float = 0.1) -> World:
    """The target takes action 0 with `share`, the log never does, and it spoils a good target."""
    policies = []
    for policy in (world.logging, world.target):
        tried = policy.copy()
        tried[:, 0] = 0.0
        policies.append(tried / tried.sum(axis=1, keepdims=True))
    logging, target = policies
    target = (1.0 - share) * target
    target[:, 0] = share
    mean = world.mean.copy()
    mean[:, 0] = 0.0
    found = replace(world, logging=logging, target=target, mean=mean)
    mean = mean.copy()
    mean[:, 0] = -(found.gain + loss) / share  # what makes the target worse than the log by `loss`
    return replace(found, mean=mean)


def _wilson_high(count: int, logs: int) -> float:
    """The upper end of Wilson's 95 % interval of a rate."""
    z, p = 1.96, count / logs
    middle = p + z * z / (2 * logs)
    return (middle + z * sqrt(p * (1 - p) / logs + z * z / (4 * logs * logs))) / (1 + z * z / logs)
