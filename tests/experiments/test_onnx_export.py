"""The ONNX graph of an action scorer gives what the policy gives."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from experiments.onnx_export import TOLERANCE, onnx_model, onnx_probabilities, save_onnx
from nba.act.bundle import Card, save_policy
from nba.act.policy import ActionScorer
from nba.act.uniform import Uniform
from nba.cli import main
from nba.errors import InputError
from nba.listen.contact_features import CONTACT_CENTRE
from nba.understand.prices import Prices, priced
from tests.nba.act.sample_policies import batch, component_scorer, posterior_sample, scorer
from tests.nba.act.sample_policies import reward_model as sample_model

onnx = pytest.importorskip("onnx", reason="needs onnx: pip install 'nba-engine[onnx]'")
pytest.importorskip("onnxruntime", reason="needs onnxruntime: pip install 'nba-engine[onnx]'")

PRICED = priced(sample_model(), CONTACT_CENTRE.action_names, Prices(0.002, 0.1, 0.05))


@pytest.mark.parametrize(
    "policy",
    [
        scorer(),
        scorer(1, prior_weight=0.0, floor=0.0),
        scorer(2, prior_model=PRICED, prior_weight=4.0),
        replace(scorer(3), temperature=0.05),
        component_scorer(),
    ],
    ids=["prior", "net alone", "other prior", "cold", "components"],
)
@pytest.mark.parametrize("n_actions", [1, 7, 31])
def test_onnxruntime_gives_what_numpy_gives_on_a_thousand_states(
    policy: ActionScorer, n_actions: int
) -> None:
    rows = batch(n_actions, 1000, n_actions)
    found = onnx_probabilities(onnx_model(policy).SerializeToString(), *rows)
    assert np.abs(found - policy.batch_probabilities(*rows)).max() <= TOLERANCE
    assert np.abs(found.sum(axis=1) - 1.0).max() <= 1e-12
    assert (found[~rows[2]] == 0.0).all()


def test_another_policy_is_told_apart() -> None:
    rows = batch(0, 1000, 7)
    found = onnx_probabilities(onnx_model(scorer(1)).SerializeToString(), *rows)
    assert np.abs(found - scorer(2).batch_probabilities(*rows)).max() > 1000 * TOLERANCE


def test_what_stands_in_the_padding_does_not_count() -> None:
    context, actions, mask = batch(5, 50, 7)
    content = onnx_model(scorer()).SerializeToString()
    dirty = actions.copy()
    dirty[~mask] = 1e6
    clean = onnx_probabilities(content, context, actions, mask)
    assert np.array_equal(onnx_probabilities(content, context, dirty, mask), clean)


def test_the_graph_names_the_policy_it_is_of() -> None:
    model = onnx_model(scorer())
    assert {each.key: each.value for each in model.metadata_props} == {
        "policy": "scorer",
        "policy_version": "test",
    }


def test_a_prior_that_is_not_linear_is_refused() -> None:
    sample = posterior_sample()
    with pytest.raises(InputError, match="ONNX holds linear ones"):
        onnx_model(scorer(prior_model=sample))  # type: ignore[arg-type]  # the point


def test_a_file_is_written_with_the_gap_that_was_measured(tmp_path: Path) -> None:
    path = tmp_path / "new" / "policy.onnx"
    assert 0.0 < save_onnx(path, scorer(), batch(0, 1000, 7)) <= TOLERANCE
    assert onnx.load(path).graph.name == "action scorer"


def test_the_command_exports_a_policy_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    version = save_policy(tmp_path / "policy.safetensors", scorer(), Card(CONTACT_CENTRE))
    made = tmp_path / "policy.onnx"
    arguments = ["export", str(tmp_path / "policy.safetensors"), "--onnx", str(made), "--json"]
    assert main(arguments) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["version"] == version
    assert found["states"] == 1000
    assert found["largest_difference"] <= TOLERANCE
    assert onnx.load(made).graph.output[0].name == "probabilities"


def test_a_policy_of_another_kind_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_policy(tmp_path / "rule.safetensors", Uniform(), Card(CONTACT_CENTRE))
    arguments = ["export", str(tmp_path / "rule.safetensors"), "--onnx", str(tmp_path / "no.onnx")]
    assert main(arguments) == 2
    assert "holds a Uniform" in capsys.readouterr().err
    assert not (tmp_path / "no.onnx").exists()
