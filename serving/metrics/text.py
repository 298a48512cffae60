"""Samples as Prometheus reads them: the text format, version 0.0.4."""

from collections.abc import Mapping

from serving.metrics.families import FAMILIES
from serving.metrics.metrics import BUCKETS


def prometheus_text(samples: Mapping[str, float]) -> str:
    """All samples under their families; a family without samples is not told."""
    lines: list[str] = []
    by_family: dict[str, dict[str, float]] = {}
    for sample, value in samples.items():
        by_family.setdefault(_family(sample), {})[sample] = value
    for name, family in FAMILIES.items():
        found = by_family.get(name)
        if found is None:
            continue
        lines += [f"# HELP {name} {family.help}", f"# TYPE {name} {family.kind}"]
        if family.kind == "histogram":
            found = _cumulated(name, found)
        lines += [f"{sample} {value:.17g}" for sample, value in sorted(found.items())]
    return "\n".join(lines) + "\n"


def _family(sample: str) -> str:
    name = sample.partition("{")[0]
    for ending in ("_bucket", "_sum"):
        base = name.removesuffix(ending)
        if base in FAMILIES and FAMILIES[base].kind == "histogram":
            return base
    return name


def _cumulated(name: str, found: Mapping[str, float]) -> dict[str, float]:
    """The buckets of a histogram as Prometheus wants them: each with all below it, and a count."""
    told = {sample: value for sample, value in found.items() if sample.startswith(f"{name}_sum")}
    for sums in tuple(told):
        labels = sums.removeprefix(f"{name}_sum").strip("{}")
        before = f"{labels}," if labels else ""
        below = 0.0
        for edge in (*(f"{edge:g}" for edge in BUCKETS), "+Inf"):
            bucket = f'{name}_bucket{{{before}le="{edge}"}}'
            below += found.get(bucket, 0.0)
            told[bucket] = below
        told[f"{name}_count{{{labels}}}" if labels else f"{name}_count"] = below
    return told
