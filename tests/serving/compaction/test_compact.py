"""A journal becomes a log: every decision once, as it was made."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nba.cli import main
from nba.errors import InputError, LogError
from nba.evaluate.check import check_log
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.encode import Feature, FeatureSpec
from nba.listen.log import read_log
from nba.listen.log_parts import read_outcomes
from serving.journal.records import DecisionRecord, encode_record
from serving.journal.segments import segment_path
from serving.journal.specs import Kept, keep_spec
from tests.serving.asgi import desk
from tests.serving.compaction.served_days import ALL, N, day, decide, run, same, served, tell
from tests.serving.journal.test_journal import opened, write
from tests.serving.journal.test_records import RECORD
from tests.serving.live_server import environment, example

__all__ = ["served"]  # a fixture


def test_the_log_holds_what_the_policy_saw_and_gave(served: Path) -> None:
    run(served, served / "log")
    log = read_log(served / "log")
    assert log.decision_id.tolist() == [f"d-{i}" for i in range(N)]
    assert log.at.tolist() == [1000.0 + i for i in range(N)]
    assert log.spec_version == CONTACT_CENTRE.version
    assert set(log.segments["mode"]) == {"policy"}
    hours = log.context[:, CONTACT_CENTRE.context_column("hour")]
    assert hours.tolist() == [8 + i / 2 for i in range(N)]
    for i in range(N):
        own = slice(log.offsets[i], log.offsets[i + 1])
        sent = example()["actions"][: 4 + i % 5]
        eligible = [a for a in sent if a["id"] not in ("employee-21", "employee-23")]
        assert log.action_ids[own].tolist() == [a["id"] for a in eligible]
        for action, row in zip(eligible, log.actions[own], strict=True):
            encoded = CONTACT_CENTRE.encode_action({"kind": action["kind"], **action["features"]})
            np.testing.assert_array_equal(row, encoded.astype(np.float32))


def test_choice_and_propensity_are_those_of_the_answer(served: Path) -> None:
    run(served, served / "log")
    log = read_log(served / "log")
    with desk(served) as counter:
        policy = counter.store.current.loaded.policy
        for i in range(N):
            reply = counter.get(f"/v1/decisions/d-{i}")[2]["reply"]
            own = slice(log.offsets[i], log.offsets[i + 1])
            assert log.action_ids[own][log.chosen[i]] == reply["chosen"]["id"]
            assert log.propensity[i] == reply["propensity"]
            assert log.policy_version[i] == reply["policy_version"]
            mask = np.ones((1, own.stop - own.start), dtype=np.bool_)
            p = policy.batch_probabilities(log.context[i : i + 1], log.actions[None, own], mask)
            assert p[0, log.chosen[i]] == pytest.approx(log.propensity[i], abs=1e-6)


def test_who_opted_out_leaves_no_row_and_no_outcome(served: Path) -> None:
    report = run(served, served / "log")
    assert (report.decisions, report.opted_out, report.outcomes_waiting) == (N, 1, 0)
    assert set(read_log(served / "log").unit) == {"customer-4711"}
    assert set(read_outcomes(served / "log").decision_id) == {"d-3"}


def test_an_evaluation_runs_on_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with desk(tmp_path) as counter:
        for number in range(40):
            decide(counter, f"d-{number}", 1000.0 + number, customer={"id": f"c-{number}"})
            resolved = {"resolved": float(number % 2), "wait_s": float(number)}
            tell(counter, f"d-{number}", 1010.0 + number, ALL | resolved)
    arguments = ["journal", "compact", str(tmp_path / "journal"), "--out", str(tmp_path / "log")]
    assert main([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["decisions"] == 40
    log = read_log(tmp_path / "log")
    assert check_log(log).used == 40
    assert log.reward[1] - log.reward[0] == pytest.approx(7.0 - 10 / 3600)
    assert main(["ope", "run", str(tmp_path / "log"), "--target", "uniform", "--json"]) in (0, 1)


def test_many_small_runs_give_the_same_log_as_one(tmp_path: Path) -> None:
    for start in range(0, 60, 4):
        with desk(tmp_path) as counter:
            day(counter, range(start, start + 4))
        run(tmp_path, tmp_path / "often")
    run(tmp_path, tmp_path / "once")
    run(tmp_path, tmp_path / "steps", step_bytes=10_000)
    once = read_log(tmp_path / "once")
    assert len(once) == 60
    assert np.isnan(once.reward).sum() == 5
    assert same(once, read_log(tmp_path / "often"))
    assert same(once, read_log(tmp_path / "steps"))
    assert len(list((tmp_path / "steps").glob("*.parquet"))) > 10


KILLED = """
import os, sys
from pathlib import Path
from serving.compaction.compact import compact

def run(folder, kill_at):
    left = [kill_at]
    def count(event, arguments):
        if event in ("os.rename", "os.remove", "os.mkdir"):
            left[0] -= 1
            if left[0] == 0:
                os._exit(9)
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if kill_at:
        sys.addaudithook(count)
    compact(folder / "journal", folder / "log", now=5000.0, window_s={"": 1000.0}, defaults={},
            step_bytes=40_000)
    os._exit(0)

root = Path(sys.argv[1])
kill_at = 1
while True:
    folder = root / str(kill_at)
    (folder / "journal").mkdir(parents=True)
    os.system(f"cp -r {root}/begun/log {folder}/log; cp -r {root}/half/journal {folder}")
    killed = run(folder, kill_at)
    os.system(f"rm -r {folder}/journal; cp -r {root}/journal {folder}")
    assert run(folder, 0) == 0
    print(killed)
    if killed == 0:
        break
    kill_at += 1
"""


@pytest.mark.slow
def test_a_run_killed_at_any_step_is_finished_by_the_next_one(tmp_path: Path) -> None:
    """It is killed before each change of a name; meanwhile the server has written on."""
    (tmp_path / "begun").mkdir()
    for number, copy in ((10, "begun"), (30, "half"), (45, "")):
        with desk(tmp_path) as counter:
            begin = {10: 0, 30: 10, 45: 30}[number]
            day(counter, range(begin, number))
        if copy:
            shutil.copytree(tmp_path / "journal", tmp_path / copy / "journal")
    run(tmp_path / "begun", tmp_path / "begun" / "log")
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        env=environment(),
    )
    codes = [int(line) for line in done.stdout.split()]
    assert set(codes[:-1]) == {9}
    assert len(codes) > 20
    run(tmp_path, tmp_path / "once")
    once = read_log(tmp_path / "once")
    for number in range(1, len(codes) + 1):
        log = tmp_path / str(number) / "log"
        assert same(once, read_log(log)), number
        outcomes = read_outcomes(log)
        keys = list(zip(outcomes.decision_id, outcomes.component, strict=True))
        assert len(set(keys)) == len(keys) == 40 * len(ALL)
        assert not list(log.rglob("*.unfinished"))


def test_a_run_without_news_changes_nothing(served: Path) -> None:
    run(served, served / "log")
    before = {path: path.stat().st_mtime_ns for path in (served / "log").glob("*.parquet")}
    report = run(served, served / "log")
    assert (report.decisions, report.rows) == (0, N)
    assert before == {path: path.stat().st_mtime_ns for path in (served / "log").glob("*.parquet")}


def test_decisions_under_another_spec_get_a_folder_of_their_own(served: Path) -> None:

    other = FeatureSpec("other", (Feature("x"), Feature("y")), (Feature("z"), Feature("w")))
    record = DecisionRecord(
        **{name: getattr(RECORD, name) for name in RECORD.__struct_fields__}
        | {"decision_id": "other", "spec_version": other.version}
    )
    own = opened(served / "journal")
    write(own, [encode_record(record)])
    own.close()
    with pytest.raises(InputError, match=rf"spec {other.version}, which .* --policy"):
        run(served, served / "log")
    with desk(served) as counter:
        keep_spec(served / "journal", Kept(other, counter.store.current.loaded.card.objective))
    report = run(served, served / "log")
    assert set(report.folders) == {CONTACT_CENTRE.version, other.version}
    assert len(read_log(served / "log")) == N
    assert read_log(report.folders[other.version]).context_names == ("x", "y")


def test_a_choice_without_a_chance_leaves_no_row(served: Path) -> None:

    d, p = len(CONTACT_CENTRE.context_names), len(CONTACT_CENTRE.action_names)
    changed = {
        "decision_id": "no-chance",
        "spec_version": CONTACT_CENTRE.version,
        "context": np.zeros(d, dtype=np.float32).tobytes(),
        "actions": np.zeros(3 * p, dtype=np.float32).tobytes(),
        "probabilities": np.array([0.5, 0.5, 0.0]).tobytes(),
    }
    fields = {name: getattr(RECORD, name) for name in RECORD.__struct_fields__}
    own = opened(served / "journal")
    write(own, [encode_record(DecisionRecord(**fields | changed))])
    own.close()
    report = run(served, served / "log")
    assert (report.decisions, report.without_propensity) == (N, 1)


def test_other_settings_than_the_log_was_begun_with_are_refused(served: Path) -> None:
    run(served, served / "log")
    with pytest.raises(InputError, match="was begun with window_s"):
        run(served, served / "log", window=9.0)


def test_a_torn_end_is_left_out_and_left_alone(served: Path) -> None:
    path = segment_path(served / "journal", 1)
    data = path.read_bytes()
    path.write_bytes(data + data[8:100])
    before = path.read_bytes()
    assert run(served, served / "log").rows == N
    assert path.read_bytes() == before


def test_a_folder_without_a_journal_is_refused(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    with pytest.raises(LogError, match="holds no journal"):
        run(tmp_path, tmp_path / "log")
