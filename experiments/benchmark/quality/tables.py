"""The benchmark's tables as Markdown."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from experiments.benchmark.cells import Record
from experiments.benchmark.quality.adaptation import FROZEN, KEPT, PERIODS
from experiments.benchmark.quality.efficiency import LEARNERS, PASSED, decisions_until
from experiments.benchmark.quality.protocol import (
    ANCHOR,
    FLOOR,
    HEADLINE,
    PRESETS,
    SCORER,
    TRUTH,
)
from experiments.benchmark.quality.summary import (
    ENOUGH,
    Overall,
    Standing,
    difference,
    figure,
    overall,
    standings,
)
from experiments.compare import Interval

_NOTHING: Final = "—"


def headline(days: Sequence[Record]) -> list[str]:
    """Over all presets at peak load: the share of the gap closed, and who beats the anchor."""
    of_preset = {preset: _by_policy(days, preset, HEADLINE) for preset in PRESETS}
    lines = _head("policy", "gap closed", f"beats {ANCHOR}", *(f"{p}, EUR" for p in PRESETS))
    for each in overall(days, HEADLINE):
        earned = (_value(of_preset[preset][each.policy].earned) for preset in PRESETS)
        lines.append(_row(each.policy, _share(each), f"{each.improvement:.2f}", *earned))
    return lines


def scorer(days: Sequence[Record], larger: Sequence[Record], there: str) -> list[str]:
    """The headline's differences: to the tuned rule, to greedy on the truth, and in `larger`."""
    peak = [r for r in days if r["scenario"] == HEADLINE]
    others = ((peak, ANCHOR), (peak, TRUTH), (larger, there))
    lines = _head("preset", *(f"{SCORER} − {other}, EUR (relative)" for _, other in others))
    for preset in PRESETS:
        cells = []
        for records, other in others:
            here = [r for r in records if r["preset"] == preset]
            mine = figure(here, SCORER, "eur_per_contact")
            base = figure(here, other, "eur_per_contact")
            gap = difference(mine, base)
            star = "" if len(mine.keys() & base.keys()) >= ENOUGH else " *"
            of = np.mean([base[seed].mean() for seed in mine if seed in base])
            cells.append(f"{_signed(gap)} ({gap.value / abs(of):+.1%}){star}")
        lines.append(_row(preset, *cells))
    return lines


def scenario(days: Sequence[Record], name: str) -> list[str]:
    """Every policy of one scenario: what it earns, and that less the anchor's on the same days."""
    of_preset = {preset: _by_policy(days, preset, name) for preset in PRESETS}
    policies = list(dict.fromkeys(p for found in of_preset.values() for p in found))
    head = [f"{preset}: {what}" for preset in PRESETS for what in ("EUR", f"− {ANCHOR}")]
    lines = _head("policy", "trainings", *head)
    for policy in policies:
        cells: list[str] = []
        trainings = 0
        for preset in PRESETS:
            found = of_preset[preset].get(policy)
            if found is None:
                cells += [_NOTHING, _NOTHING]
                continue
            trainings = found.trainings
            cells += [_value(found.earned), _NOTHING if policy == ANCHOR else _told(found)]
        lines.append(_row(policy, str(trainings), *cells))
    return lines


def employees(days: Sequence[Record], name: str) -> list[str]:
    """Waits, abandonment and the employees' overload under every policy of one scenario."""
    lines = _head("policy", *(f"{p}: wait s, abandoned, overload min" for p in PRESETS))
    of_preset = {preset: _by_policy(days, preset, name) for preset in PRESETS}
    for policy in dict.fromkeys(p for found in of_preset.values() for p in found):
        cells = [
            f"{s.wait_s:.0f}, {s.abandoned:.1%}, {s.overload_min:.0f}" if s else _NOTHING
            for s in (of_preset[preset].get(policy) for preset in PRESETS)
        ]
        lines.append(_row(policy, *cells))
    return lines


def efficiency(snapshots: Sequence[Record]) -> list[str]:
    """Decisions until a learner is surely above greedy, and above the tuned index rule."""
    lines = _head("learner", *(f"{p}: {other}" for p in PRESETS for other in PASSED))
    for name in LEARNERS:
        cells = []
        for preset in PRESETS:
            here = [r for r in snapshots if r["preset"] == preset]
            for other in PASSED:
                needed = decisions_until(here, name, other)
                cells.append("not" if needed is None else f"{needed / 1000:,.0f} k")
        lines.append(_row(name, *cells))
    return lines


def transfer(days: Sequence[Record], there: str) -> list[str]:
    """What is earned in the larger centre, and that less either index rule's on the same days."""
    anchors = (there, ANCHOR)
    head = [f"{p}: {what}" for p in PRESETS for what in ("EUR", *(f"− {a}" for a in anchors))]
    lines = _head("policy", *head)
    for policy in dict.fromkeys(str(r["policy"]) for r in days):
        cells = []
        for preset in PRESETS:
            here = [r for r in days if r["preset"] == preset]
            earned = figure(here, policy, "eur_per_contact")
            cells.append(f"{np.mean([each.mean() for each in earned.values()]):.3f}")
            for anchor in anchors:
                other = figure(here, anchor, "eur_per_contact")
                star = "" if len(earned.keys() & other.keys()) >= ENOUGH else " *"
                same = policy == anchor
                cells.append(_NOTHING if same else _signed(difference(earned, other)) + star)
        lines.append(_row(policy, *cells))
    return lines


def adaptation(days: Sequence[Record]) -> list[str]:
    """EUR per contact in each period of a drift, and less the frozen LinUCB's on the same days."""
    frozen = FROZEN[0]
    lines = _head("preset", "policy", *(name for name, _ in PERIODS))
    for preset in PRESETS:
        here = [r for r in days if r["preset"] == preset]
        for policy in (*FROZEN, *KEPT):
            cells = []
            for _, first in PERIODS:
                part = [r for r in here if first <= int(r["day"]) < first + 20]
                earned = figure(part, policy, "eur_per_contact")
                gap = difference(earned, figure(part, frozen, "eur_per_contact"))
                mean = np.mean([each.mean() for each in earned.values()])
                cells.append(f"{mean:.3f}" + ("" if policy == frozen else f" ({_signed(gap)})"))
            lines.append(_row(preset, policy, *cells))
    return lines


def trainings(days: Sequence[Record], policies: Sequence[str]) -> list[str]:
    """EUR per contact of every training, none left out."""
    here = [r for r in days if r["scenario"] == HEADLINE]
    seeds = sorted({int(r["seed"]) for r in here})
    lines = _head("preset", "policy", *(f"seed {seed}" for seed in seeds))
    for preset in PRESETS:
        mine = [r for r in here if r["preset"] == preset]
        for policy in policies:
            earned = figure(mine, policy, "eur_per_contact")
            lines.append(_row(preset, policy, *(f"{earned[seed].mean():.3f}" for seed in seeds)))
    return lines


def _by_policy(days: Sequence[Record], preset: str, name: str) -> Mapping[str, Standing]:
    return {each.policy: each for each in standings(days, preset, name)}


def _head(*names: str) -> list[str]:
    return [_row(*names), "|" + " --- |" * len(names)]


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _share(each: Overall) -> str:
    if each.policy == FLOOR:
        return "0 %"
    if each.trainings < ENOUGH:
        return f"{each.score.value:.0%} *"
    return f"{each.score.value:.0%} [{each.score.low:.0%}, {each.score.high:.0%}]"


def _value(found: Interval) -> str:
    return f"{found.value:.3f}"


def _signed(gap: Interval) -> str:
    return f"{gap.value:+.3f} [{gap.low:+.3f}, {gap.high:+.3f}]"


def _told(found: Standing) -> str:
    return _signed(found.over_anchor) + ("" if found.over_trainings else " *")
