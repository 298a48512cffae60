"""What a run leaves in MLflow's store can be read back, and a registered policy decides."""

import itertools
import json
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import mlflow
import pytest

from experiments.commit import commit_of
from experiments.plots import learning_curve
from experiments.policy_model import PolicyModel
from experiments.tracking import (
    MOST_POINTS,
    Run,
    flattened,
    go_on,
    register_policy,
    start,
    thinned,
)
from nba.act.bundle import Card, save_policy
from nba.errors import InputError, PolicyFileError
from nba.listen.contact_features import CONTACT_CENTRE
from tests.nba.act.sample_policies import scorer

ROOT = Path(__file__).resolve().parents[2]
REQUEST = json.loads((ROOT / "serving" / "examples" / "decision.json").read_text())


@pytest.fixture(scope="module")
def fresh_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A runs folder whose store is made once: its schema takes seconds."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        with start(folder, "tests", "first", config={}, seed=0):
            pass
    return folder


@pytest.fixture
def runs(fresh_store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return fresh_store


@pytest.fixture
def run(runs: Path) -> Run:
    return start(runs, "tests", "a run", config={"ppo": {"epochs": 4}, "note": "x" * 9000}, seed=7)


@pytest.fixture
def policy_file(tmp_path: Path) -> Path:
    path = tmp_path / "policy.nba"
    save_policy(path, scorer(), Card(CONTACT_CENTRE))
    return path


def test_a_run_is_described_by_its_settings_seed_and_commit(run: Run) -> None:
    data = run.client.get_run(run.run_id).data
    assert data.params["ppo.epochs"] == "4"
    assert len(data.params["note"]) == 500
    assert data.params["seed"] == data.tags["seed"] == "7"
    assert data.tags["commit"] == commit_of(ROOT / "experiments")


def test_more_settings_than_one_call_takes_are_all_kept(runs: Path) -> None:
    run = start(runs, "tests", "many", config={f"s{i}": i for i in range(250)}, seed=0)
    assert len(run.client.get_run(run.run_id).data.params) == 251


def test_a_long_curve_keeps_its_ends_and_at_most_500_points(run: Run) -> None:
    run.log_curve("reward_eur", range(0, 20_000, 10), [i / 2 for i in range(2000)])
    points = run.client.get_metric_history(run.run_id, "reward_eur")
    assert len(points) == MOST_POINTS
    assert (points[0].step, points[0].value) == (0, 0.0)
    assert (points[-1].step, points[-1].value) == (19_990, 999.5)


def test_thinning_is_even() -> None:
    places = thinned(10_000)
    steps = [after - before for before, after in itertools.pairwise(places)]
    assert max(steps) - min(steps) <= 1
    assert thinned(3) == [0, 1, 2]
    assert thinned(0) == []


def test_a_curve_needs_a_value_for_each_step(run: Run) -> None:
    with pytest.raises(InputError, match="2 steps and 1 values"):
        run.log_curve("reward_eur", [0, 1], [0.5])


def test_values_files_and_tables_come_back(run: Run, tmp_path: Path) -> None:
    run.log_values({"eur_per_contact": 1.25, "fcr": 0.7})
    (tmp_path / "plot.svg").write_text("<svg/>")
    run.log_file(tmp_path / "plot.svg")
    run.log_table("policies", [{"policy": "uniform", "eur": 1.0}, {"policy": "greedy"}])
    assert run.client.get_run(run.run_id).data.metrics == {"eur_per_contact": 1.25, "fcr": 0.7}
    assert {file.path for file in run.client.list_artifacts(run.run_id)} == {
        "plot.svg",
        "policies.json",
    }
    folder = Path(run.client.download_artifacts(run.run_id, ""))
    assert json.loads((folder / "policies.json").read_text()) == {
        "columns": ["policy", "eur"],
        "data": [["uniform", 1.0], ["greedy", None]],
    }


def test_names_that_mlflow_refuses_are_mended(run: Run) -> None:
    run.log_values({"€/contact: mean": 1.0})
    assert list(run.client.get_run(run.run_id).data.metrics) == ["_/contact_ mean"]


@pytest.mark.parametrize(
    ("error", "status"), [(None, "FINISHED"), (ValueError, "FAILED"), (KeyboardInterrupt, "KILLED")]
)
def test_a_run_ends_as_its_block_does(
    runs: Path, error: type[BaseException] | None, status: str
) -> None:
    run = start(runs, "tests", "ends", config={}, seed=0)
    try:
        with run:
            assert run.client.get_run(run.run_id).info.status == "RUNNING"
            if error is not None:
                raise error
    except (ValueError, KeyboardInterrupt):
        pass
    assert run.client.get_run(run.run_id).info.status == status


def test_a_run_can_be_nested_under_another(runs: Path, run: Run) -> None:
    child = start(runs, "tests", "trial", config={}, seed=1, parent=run)
    assert child.client.get_run(child.run_id).data.tags["mlflow.parentRunId"] == run.run_id


def test_everything_lies_in_the_runs_folder(runs: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("kept")
    run.log_file(tmp_path / "kept.txt")
    kept = runs / "artifacts" / run.run_id / "artifacts" / "kept.txt"
    assert kept.read_text() == "kept"


def test_a_new_store_leaves_nothing_else_behind(fresh_store: Path) -> None:
    names = {path.name for path in fresh_store.iterdir()}
    assert "mlflow.db" in names
    assert names <= {"mlflow.db", "artifacts"}


def test_the_users_own_store_is_respected(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(runs / "mlflow.db", tmp_path / "own.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/own.db")
    start(tmp_path / "runs", "elsewhere", "a run", config={}, seed=0)
    assert mlflow.MlflowClient().get_experiment_by_name("elsewhere") is not None
    assert not (tmp_path / "runs" / "mlflow.db").exists()


def test_a_runs_folder_that_is_a_file_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"file/mlflow\.db cannot be used.*another runs") as caught:
        start(tmp_path / "file", "tests", "a run", config={}, seed=0)
    assert "\n" not in str(caught.value)


def test_a_login_is_never_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://user:secret@127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(InputError, match="127") as caught:
        start(tmp_path, "tests", "a run", config={}, seed=0)
    assert "secret" not in str(caught.value)


@pytest.mark.filterwarnings("ignore:.*Any type hint is inferred")  # of MLflow's own types
def test_a_registered_policy_decides_as_the_server_would(
    runs: Path, run: Run, policy_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = register_policy(run, policy_file)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{runs}/mlflow.db")
    model = mlflow.pyfunc.load_model("models:/next-best-action@challenger")
    assert model.predict([REQUEST]) == PolicyModel(policy_file).predict([REQUEST])
    found = run.client.get_model_version_by_alias("next-best-action", "challenger")
    assert (str(found.version), found.run_id) == (version, run.run_id)


def test_the_alias_moves_to_the_next_version(run: Run, policy_file: Path) -> None:
    first = register_policy(run, policy_file, name="moving")
    second = register_policy(run, policy_file, name="moving")
    found = run.client.get_model_version_by_alias("moving", "challenger")
    assert first != second == str(found.version)


def test_a_damaged_policy_is_not_registered(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.nba").write_bytes(b"nothing")
    with pytest.raises(PolicyFileError, match=r"bad\.nba"):
        register_policy(run, tmp_path / "bad.nba", name="never")
    assert not run.client.search_model_versions("name = 'never'")


def test_settings_are_flattened_by_dotted_name() -> None:
    assert flattened({"a": {"b": {"c": 1}}, "d": None}) == {"a.b.c": "1", "d": "None"}


def test_mlflow_is_imported_at_first_use_only_without_telemetry_or_words() -> None:
    code = (
        "import sys; from experiments.tracking import warm_import; "
        "assert 'mlflow' not in sys.modules; warm_import(); "
        "from mlflow.telemetry import get_telemetry_client; assert get_telemetry_client() is None"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT, env={}
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_figure_is_kept_as_a_page_of_its_own(run: Run, tmp_path: Path) -> None:
    run.log_figure("learning curve", learning_curve([(10, 0.1), (20, 0.3)]))
    kept = run.client.download_artifacts(run.run_id, "learning curve.svg", str(tmp_path))
    root = ET.fromstring(Path(kept).read_text())  # noqa: S314 our own text
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "EUR per decision" in Path(kept).read_text()


def test_an_ended_run_can_be_gone_on_with(runs: Path) -> None:
    with start(runs, "tests", "ends", config={}, seed=0) as first:
        first.log_values({"before": 1.0})
    with go_on(runs, first.run_id) as again:
        assert again.client.get_run(first.run_id).info.status == "RUNNING"
        again.log_values({"after": 2.0})
    ended = again.client.get_run(first.run_id)
    assert ended.data.metrics == {"before": 1.0, "after": 2.0}
    assert ended.info.status == "FINISHED"
    with pytest.raises(InputError, match="cannot be used"):
        go_on(runs, "0" * 32)
