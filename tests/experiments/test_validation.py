"""A training run shows what its policy does: kinds of action, value per intent, wait, occupancy."""

from pathlib import Path

import mlflow
import numpy as np
import pytest

from envs.presets import preset
from experiments import tracking
from experiments.validation import log_validation, value_by_segment
from nba.act.uniform import Uniform
from tests.experiments.small_run import log

PICTURES = ("action mix", "value per intent", "wait and occupancy")


def test_value_per_intent_adds_up_to_the_mean_of_decisions_with_a_known_intent() -> None:
    day = log()
    found = value_by_segment(day)
    assert set(found) == {"billing", "technical", "account", "sales"}
    columns = [day.context_names.index(f"intent={name}") for name in found]
    known = ~np.isnan(day.reward)
    counts = np.array([(known & (day.context[:, column] > 0.5)).sum() for column in columns])
    told = known & (day.context[:, columns] > 0.5).any(axis=1)
    assert counts @ np.array(list(found.values())) / counts.sum() == pytest.approx(
        day.reward[told].mean()
    )


def test_the_pictures_and_key_figures_lie_in_the_run(tmp_path: Path) -> None:
    with tracking.start(tmp_path, "train", "shown", config={}, seed=3) as run:
        log_validation(run, Uniform(), preset("bank"), 3)
    client = mlflow.MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")
    names = {file.path for file in client.list_artifacts(run.run_id)}
    names |= {each.path for name in names for each in client.list_artifacts(run.run_id, name)}
    for picture in PICTURES:
        assert any(picture in name for name in names), f"{picture} is not among {sorted(names)}"
    metrics = client.get_run(run.run_id).data.metrics
    assert 0.0 < metrics["validation.occupancy"] < 1.0
    assert metrics["validation.contacts"] > 0
