"""The dashboard asks only for metrics that exist, and shows each of them that moves."""

import json
import re
from pathlib import Path

from serving.metrics.families import FAMILIES

DASHBOARD = Path(__file__).parents[3] / "serving/grafana/dashboard.json"


def queried() -> set[str]:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    text = " ".join(target["expr"] for panel in panels for target in panel["targets"])
    return set(re.findall(r"\bnba_\w+", text))


def samples() -> set[str]:
    found: set[str] = set()
    for name, family in FAMILIES.items():
        endings = ("_bucket", "_sum", "_count") if family.kind == "histogram" else ("",)
        found |= {name + ending for ending in endings}
    return found


def test_every_queried_metric_exists() -> None:
    assert queried() - samples() == set()


def test_every_metric_is_on_the_dashboard_or_left_out_for_a_reason() -> None:
    left_out = {
        "nba_dry_runs_total",  # tells about a caller's tests only
        "nba_worker_started_seconds",  # restarts are shown instead
        "nba_request_seconds_sum",  # quantiles are shown instead
        "nba_request_seconds_count",
    }
    assert samples() - queried() == left_out


def test_a_counter_is_named_as_one() -> None:
    for name, family in FAMILIES.items():
        if family.kind == "counter":
            assert name.endswith(("_total", "_sum")), name
