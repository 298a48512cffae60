"""An answer in MLflow: its settings, figures, table and page can be found again."""

from pathlib import Path

import pytest

from experiments.ope_tracking import track_answer
from nba.evaluate.flat_evaluation import column_target, evaluate_flat
from nba.evaluate.report import write_report
from nba.listen.foreign import open_flat
from nba.ope_hooks import track_answer as by_name
from tests.flat_files import flat_rows, write_csv


def test_an_answer_is_recorded_with_its_page(tmp_path: Path) -> None:
    mlflow = pytest.importorskip("mlflow")
    log = open_flat(write_csv(tmp_path / "log.csv", flat_rows(500, lift=0.3)))
    answer = evaluate_flat(log, column_target("target_prob"), source="log.csv")
    page = write_report(tmp_path / "page.html", answer)
    runs = tmp_path / "runs"
    run_id = track_answer(answer, runs, report=page)
    client = mlflow.MlflowClient(f"sqlite:///{runs / 'mlflow.db'}")
    run = client.get_run(run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params["verdict"] == answer.result.verdict
    assert run.data.metrics["difference"] == pytest.approx(answer.difference.value)
    assert {f.path for f in client.list_artifacts(run_id)} >= {"page.html", "estimates.json"}
    assert by_name(answer, runs, report=None) != run_id
