"""The text is what Prometheus expects: types once, buckets cumulated, a count beside the sum."""

from serving.metrics.families import FAMILIES
from serving.metrics.metrics import Metrics
from serving.metrics.text import prometheus_text


def test_buckets_hold_all_below_them() -> None:
    metrics = Metrics()
    seconds = metrics.histogram("nba_request_seconds", "path", "/x")
    for value in (0.0001, 0.0003, 0.0003, 0.02, 7.0):
        seconds.observe(value)
    lines = prometheus_text(metrics.total()).splitlines()
    for line in (
        'nba_request_seconds_bucket{path="/x",le="0.00025"} 1',
        'nba_request_seconds_bucket{path="/x",le="0.0005"} 3',
        'nba_request_seconds_bucket{path="/x",le="0.025"} 4',
        'nba_request_seconds_bucket{path="/x",le="1"} 4',
        'nba_request_seconds_bucket{path="/x",le="+Inf"} 5',
        'nba_request_seconds_count{path="/x"} 5',
    ):
        assert line in lines
    assert lines.count("# TYPE nba_request_seconds histogram") == 1


def test_each_family_is_told_once_before_its_samples() -> None:
    metrics = Metrics()
    metrics.cell("nba_refusals_total", "status", "429").add(3)
    metrics.cell("nba_refusals_total", "status", "413").add()
    lines = prometheus_text(metrics.total()).splitlines()
    start = lines.index(f"# HELP nba_refusals_total {FAMILIES['nba_refusals_total'].help}")
    assert lines[start + 1 : start + 4] == [
        "# TYPE nba_refusals_total counter",
        'nba_refusals_total{status="413"} 1',
        'nba_refusals_total{status="429"} 3',
    ]


def test_every_sample_belongs_to_a_family() -> None:
    metrics = Metrics()
    for name, family in FAMILIES.items():
        if family.kind == "histogram":
            metrics.histogram(name).observe(1.0)
        else:
            metrics.cell(name).add()
    told = prometheus_text(metrics.total())
    for name in FAMILIES:
        assert f"\n{name}" in f"\n{told}"
