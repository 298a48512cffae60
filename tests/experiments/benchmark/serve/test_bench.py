"""The bench itself, tiny: real servers under a little load."""

from pathlib import Path

import msgspec
import pytest

from experiments.benchmark.serve.batches import batch_rows
from experiments.benchmark.serve.bench import Plan, measure
from experiments.benchmark.serve.compaction import compaction_rows
from experiments.benchmark.serve.contestants import BY_HAND, Contestant, contestants, places
from experiments.benchmark.serve.stages import stage_rows
from experiments.benchmark.serve.work import work_with
from experiments.benchmark.serve.workloads import SPECS, Workload, bodies, policy_file
from serving.schema import DecisionReply


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("candidates", [5, 200])
def test_every_workload_is_decided_by_the_policy(
    spec: str, candidates: int, tmp_path: Path
) -> None:
    answer = work_with(policy_file(spec, tmp_path)).answer
    sent = bodies(Workload(spec, candidates), 3)
    assert len(set(sent)) == 3
    for body in sent:
        reply = msgspec.json.decode(answer(body), type=DecisionReply)
        assert reply.mode == "policy"
        assert len(reply.ranked) == candidates


def test_bodies_of_the_compared_workload_have_the_stated_size() -> None:
    assert all(1500 <= len(body) <= 2048 for body in bodies(Workload("small", 20)))


def test_stages_are_parts_of_the_whole() -> None:
    found = {row.metric: row.value for row in stage_rows(quick=True)}
    quick, whole = found.pop("bytes to bytes"), found.pop("bytes to bytes, the long way")
    for stage, value in found.items():
        assert 0.0 < value < (whole if stage.startswith("long way") else quick)


def test_batches_are_decided_whole() -> None:
    pytest.importorskip("pyarrow", reason="pyarrow comes with the extra 'train'")
    found = batch_rows(quick=True)  # which counts what the journal holds
    assert [row.metric.partition(",")[0] for row in found] == [
        "batch of JSON lines",
        "batch of Arrow",
        "batch of Arrow",
    ]
    assert all(row.value > 0.0 for row in found)


def test_the_files_that_peers_start_from_name_this_run(tmp_path: Path) -> None:
    policy = policy_file("small", tmp_path)
    found = places(policy, tmp_path / "journal", 4711)
    config = Path(found["ray"]).read_text()
    assert "port: 4711\n" in config
    assert f"policy: {policy} " in config
    assert (Path(found["model"]) / "small.nba").read_bytes() == policy.read_bytes()


@pytest.mark.slow
def test_compaction_is_measured_on_what_the_server_wrote() -> None:
    rows = compaction_rows(seconds=1.0)
    assert [row.settings.split(",")[0] for row in rows] == ["small 20", "full 20"]
    assert all(row.value > 0.0 and row.ratio for row in rows)


@pytest.mark.slow
def test_servers_are_measured_in_turn() -> None:
    nobody = Contestant("nobody", Workload("small", 20), (), needs=("no_such_module",))
    plan = Plan(rounds=1, warm_s=0.1, closed_s=0.2, open_s=0.2, connections=4)
    servers = [s for s in contestants(quick=True) if not s.needs and s.workers == 1]
    rows = measure([*servers, nobody], plan)
    rates = {row.settings: row.value for row in rows if row.metric == "requests"}
    assert rates.pop("nobody; small 20: no_such_module is not installed") == 0.0
    assert set(rates) == {
        f"{name}; small 20"
        for name in (BY_HAND, "nba serve, fsync", "nba serve, os", "echo on uvicorn")
    }
    assert all(rate > 0.0 for rate in rates.values())
