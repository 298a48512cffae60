"""What the presets are like, and how each rule does in each preset and scenario: two tables.

Key figures stand beside the bands they are calibrated to; every rule lives through the same days,
so differences to longest-idle are paired.
"""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from envs.config import CentreConfig
from envs.presets import PRESETS, preset
from envs.scenarios import SCENARIOS, scenario
from experiments.benchmark.rows import Row
from experiments.compare import Interval, mean_interval, paired_difference
from experiments.learned import Schooling
from experiments.parallel import simulate_all, workers
from experiments.policies import policy_of
from nba.listen.whole_file import whole_file
from nba.terminal import progress
from nba.types import Policy

LOGS: Final = 32  # centre-days per cell
_SEED: Final = 7_000_000
_RULES: Final = (
    "longest_idle", "random", "static_rules", "fcfs_alis", "best_skill", "fastest", "p_mu",
    "shortest_wait", "c_mu", "bot_first", "true_greedy",
)  # fmt: skip
_LEARNED: Final = ("lp_routing", "ucb_routing", "greedy", "index_rule")
_SCHOOLING: Final = Schooling(candidates=15, first_days=16, refinements=1, memory=None)
_SMALL: Final = ("bank", "telecom", "retail")
_TRADE: Final = "trade sources"


@dataclass(frozen=True, slots=True)
class Band:
    """What a key figure should be under longest-idle, and who says so."""

    low: float
    high: float
    source: str


BANDS: Final[dict[str, dict[str, Band]]] = {
    name: {
        "fcr": Band(share - 0.05, share + 0.05, f"SQM: {share:.0%} ± 5"),
        "abandoned": Band(0.03, 0.08, _TRADE),
        "wait_s": Band(15.0, 60.0, _TRADE),
        "occupancy": Band(0.75, 0.85, _TRADE),
    }
    for name, share in (("bank", 0.71), ("telecom", 0.61), ("retail", 0.78))
}
# 380 people who share one queue reach a higher occupancy at the same wait (square-root staffing).
BANDS["bank-2003"] = BANDS["bank"] | {"occupancy": Band(0.80, 0.92, "pooling; assumed")}


def rows(*, logs: int = LOGS, folder: Path | None = None) -> list[Row]:
    """Both tables as rows, and as a page of Markdown in `folder` where one is given."""
    page = ["# The simulated centre, measured", ""]
    page += [f"`nba bench world --logs {logs} --out DIR` writes this page.", ""]
    measured = _key_figures(logs, page) + _scenarios(logs, page)
    if folder is not None:
        with whole_file(folder / "MEASURED.md") as file:
            file.write(("\n".join(page) + "\n").encode())
    return measured


def _key_figures(days: int, page: list[str]) -> list[Row]:
    page += ["## Key figures under longest-idle", ""]
    page += ["| preset | figure | band | source | measured (95 %) |", "|---|---|---|---|---|"]
    measured = []
    with workers() as pool, progress("key figures", len(PRESETS)) as advance:
        for name in PRESETS:
            n_days = max(4, days // 2) if name == "bank-2003" else days
            (table,) = simulate_all(
                pool, [policy_of("longest_idle")], preset(name), n_days=n_days, seed=_SEED
            )
            advance(1)
            for figure, band in BANDS[name].items():
                found = mean_interval(table[figure])
                limits = f"{band.low:.4g}–{band.high:.4g}"
                page.append(f"| {name} | {figure} | {limits} | {band.source} | {_told(found)} |")
                measured.append(
                    Row(figure, found.value, "", f"{name}, longest_idle, {n_days} days")
                )
    page.append("")
    return measured


def _scenarios(days: int, page: list[str]) -> list[Row]:
    page += [f"## EUR per contact by scenario, {days} paired days each", ""]
    page += [
        "longest_idle: its mean. Every other policy: its difference to longest_idle. The learned",
        "ones (log, prices) learned in the preset's normal days and meet the scenario unprepared.",
        "true_greedy knows the truth of the contact, which nobody can; it is no upper bound.", "",
    ]  # fmt: skip
    measured = []
    with workers() as pool, progress("scenarios", len(_SMALL) * len(SCENARIOS)) as advance:
        for name in _SMALL:
            policies = [policy_of(rule) for rule in _RULES]
            policies += [
                policy_of(rule, centre=preset(name), schooling=_SCHOOLING) for rule in _LEARNED
            ]
            found = {}
            for what in SCENARIOS:
                found[what] = _cells(pool, policies, scenario(preset(name), what), days)
                advance(1)
            page += [f"### {name}", "", f"| policy | {' | '.join(found)} |"]
            page.append("|---" * (len(found) + 1) + "|")
            for at, rule in enumerate([*_RULES, *_LEARNED]):
                told = " | ".join(_told(cells[at]) for cells in found.values())
                page.append(f"| {rule} | {told} |")
                measured += [
                    Row("EUR per contact", cells[at].value, "EUR", f"{rule}, {name}, {what}")
                    for what, cells in found.items()
                ]
            page.append("")
    return measured


def _cells(
    pool: ProcessPoolExecutor, policies: Sequence[Policy], config: CentreConfig, days: int
) -> list[Interval]:
    tables = simulate_all(pool, policies, config, n_days=days, seed=_SEED)
    first = mean_interval(tables[0]["eur_per_contact"])
    return [first, *(paired_difference(table, tables[0]) for table in tables[1:])]


def _told(interval: Interval) -> str:
    return f"{interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"
