"""Rows and tables from visits: medians, ratios to the base, and when a run is too noisy."""

import pytest

from experiments.benchmark.serve.contestants import BY_HAND, Contestant
from experiments.benchmark.serve.drive import Closed, counted
from experiments.benchmark.serve.figures import Visit, absent_rows, server_rows
from experiments.benchmark.serve.table import table
from experiments.benchmark.serve.workloads import Workload

SMALL = Workload("small", 20)


def contestant(name: str, workload: Workload = SMALL) -> Contestant:
    return Contestant(name, workload, ())


def visit(rate: float, cpu_us: float) -> Visit:
    spaced = {"p50": 1.0, "p99": 2.0, "p99.9": 3.0, "cpu_us": cpu_us}
    return Visit(Closed(rate, cpu_us), spaced, start_s=0.5, memory_bytes=40e6)


def test_a_server_is_compared_with_the_base_under_the_same_workload() -> None:
    other = Workload("full", 5)
    rows = server_rows(
        {
            contestant(BY_HAND): [visit(1000, 50), visit(1100, 40), visit(900, 60)],
            contestant("ours"): [visit(500, 75), visit(400, 80), visit(600, 70)],
            contestant("ours", other): [visit(100, 300)],
        }
    )
    found = {(row.metric, row.settings): row for row in rows}
    assert found["requests", "ours; small 20"].ratio == 0.5
    assert found["CPU per request", "ours; small 20"].value == 75
    assert found["CPU per request", "ours; small 20"].ratio == 1.5
    assert found["CPU per request", f"{BY_HAND}; small 20"].ratio is None
    assert found["CPU per request", "ours; full 5"].ratio is None


@pytest.mark.parametrize(("last", "verdict"), [(45, "can be compared"), (39, "too noisy")])
def test_a_base_that_varies_by_more_than_a_fifth_is_told(last: float, verdict: str) -> None:
    visits = [visit(1000, cpu) for cpu in (50, 49, 48, 47, last)]
    rows = server_rows({contestant(BY_HAND): visits})
    noise = [row for row in rows if row.metric == "variation of the base"]
    assert verdict in noise[0].settings
    assert "can be compared" in noise[1].settings
    assert "fewer" not in noise[0].settings


def test_a_server_that_cannot_be_measured_has_a_row_that_says_so() -> None:
    rows = absent_rows({contestant("Ray Serve"): "grpc is not installed"})
    assert rows[0].settings == "Ray Serve; small 20: grpc is not installed"
    assert "grpc is not installed" in table(rows)


def test_the_table_has_a_line_for_each_server() -> None:
    told = table(
        server_rows({contestant(BY_HAND): [visit(1000, 50)], contestant("a"): [visit(9, 60)]})
    )
    line = next(line for line in told.splitlines() if line.startswith("| a; small 20"))
    assert line.split("|")[2:5] == [" 9 ", " 60 ", " 1.20 "]


def test_bad_answers_are_not_counted() -> None:
    said = "  Thread Stats\n  300 requests in 500.00ms, 1MB read\n  Non-2xx or 3xx responses: 100\n"
    assert counted(said) == (200, 0.5)
    with pytest.raises(ValueError, match="no count"):
        counted("unable to connect")
