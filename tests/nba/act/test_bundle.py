"""A policy file loads as exactly what was saved, or not at all."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

from nba.act.bundle import Card, in_one_order, load_policy, save_policy, tensors_sha256
from nba.act.greedy import Greedy
from nba.act.uniform import Uniform
from nba.errors import InputError, PolicyFileError
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.encode import Feature, FeatureSpec
from nba.listen.objective import Objective
from tests.nba.act.sample_policies import batch, reward_model, scorer

CARD = Card(
    CONTACT_CENTRE,
    Objective({"resolved": 7.0, "wait_s": -0.01}),
    training={"learner": "none", "seed": 3, "days": [1, 2]},
    evaluation={"eur_per_contact": {"value": 1.5, "low": 1.0, "high": 2.0}},
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "policy.nba"
    save_policy(path, scorer(), CARD)
    return path


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged") / "policy.nba"


def refused(path: Path, raw: bytes) -> str:
    """The one-line message with which a file of these bytes is refused."""
    path.write_bytes(raw)
    with pytest.raises(PolicyFileError) as caught:
        load_policy(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def rewritten(raw: bytes, change: Callable[[dict[str, str]], object]) -> bytes:
    """The same arrays under changed metadata."""
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    change(header["__metadata__"])
    return safetensors.numpy.save(safetensors.numpy.load(raw), header["__metadata__"])


def test_the_card_comes_back(path: Path) -> None:
    loaded = load_policy(path, spec=CONTACT_CENTRE)
    assert loaded.card == CARD
    assert loaded.kind == "action_scorer"
    assert loaded.card.spec.version == CONTACT_CENTRE.version
    assert loaded.policy.version == loaded.digest[:12]


def test_equal_content_is_equal_bytes_and_other_content_another_version(tmp_path: Path) -> None:
    for name in ("a", "b"):
        save_policy(tmp_path / name, scorer(), CARD)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    versions = {
        save_policy(tmp_path / "c", scorer(0), CARD),
        save_policy(tmp_path / "c", scorer(1), CARD),
        save_policy(tmp_path / "c", scorer(0), Card(CONTACT_CENTRE)),
    }
    assert len(versions) == 3


def test_every_flipped_header_byte_is_refused(path: Path, damaged: Path) -> None:
    raw = path.read_bytes()
    end = 8 + int.from_bytes(raw[:8], "little")
    places = np.unique(np.linspace(0, end - 1, 400).astype(int))
    for place in [*range(8), *places.tolist()]:
        flipped = bytearray(raw)
        flipped[place] ^= 1 << place % 8
        refused(damaged, bytes(flipped))


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_changed_byte_is_refused(path: Path, damaged: Path, data: st.DataObject) -> None:
    raw = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] = data.draw(st.integers(0, 255).filter(lambda value: value != raw[place]))
    refused(damaged, bytes(raw))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_truncation_or_addition_is_refused(
    path: Path, damaged: Path, data: st.DataObject
) -> None:
    raw = path.read_bytes()
    length = data.draw(st.integers(0, len(raw) - 1))
    refused(damaged, raw[:length])
    refused(damaged, raw + raw[:1])


def test_other_files_are_told_apart(path: Path, damaged: Path) -> None:
    plain = safetensors.numpy.save({"x": np.ones(2)}, {"format": "pt"})
    assert "of format 'pt', not 'nba-policy'" in refused(damaged, plain)
    assert "damaged or no policy file" in refused(damaged, b"PK\x03\x04 a zip")
    assert "damaged or no policy file" in refused(damaged, b"")
    raw = path.read_bytes()
    newer = rewritten(raw, lambda metadata: metadata.update(format_version="2"))
    assert "format version '2'; this program reads '1'" in refused(damaged, newer)


def test_a_changed_card_or_array_is_told_by_its_digest(path: Path, damaged: Path) -> None:
    raw = path.read_bytes()

    def promise_more(metadata: dict[str, str]) -> None:
        metadata["card"] = metadata["card"].replace("1.5", "9.5")

    changed = rewritten(raw, promise_more)
    unchanged = rewritten(raw, dict.copy)
    assert unchanged == raw or "header was changed" in refused(damaged, unchanged)
    assert "digest of its card" in refused(damaged, changed)
    worn = bytearray(raw)
    worn[-1] ^= 1
    assert "digest of its tensors" in refused(damaged, bytes(worn))


def test_a_file_for_another_spec_names_what_differs(tmp_path: Path) -> None:
    other = FeatureSpec("other", (*CONTACT_CENTRE.context, Feature("mood")), CONTACT_CENTRE.action)
    save_policy(tmp_path / "p", Uniform(), Card(other))
    with pytest.raises(PolicyFileError, match="they differ in mood"):
        load_policy(tmp_path / "p", spec=CONTACT_CENTRE)


def test_a_net_that_does_not_fit_its_spec_is_not_saved_quietly(tmp_path: Path) -> None:
    narrow = FeatureSpec("narrow", CONTACT_CENTRE.context[:3], CONTACT_CENTRE.action)
    with pytest.raises(ValueError, match=r"shape|dimension|mismatch"):
        save_policy(tmp_path / "p", scorer(), Card(narrow))
    assert not list(tmp_path.iterdir())


def test_a_card_that_is_no_json_is_refused(tmp_path: Path) -> None:
    for evaluation in ({"x": float("nan")}, {"x": np.ones(2)}):
        with pytest.raises(InputError, match="card is not JSON"):
            save_policy(tmp_path / "p", Uniform(), Card(CONTACT_CENTRE, evaluation=evaluation))


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "policy.nba"
    version = save_policy(path, Uniform(), CARD)
    with pytest.raises(InputError, match="card is not JSON"):
        save_policy(path, scorer(), Card(CONTACT_CENTRE, training={"when": object()}))
    assert load_policy(path).policy.version == version
    assert [entry.name for entry in tmp_path.iterdir()] == ["policy.nba"]


def test_a_place_that_cannot_be_written_or_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        save_policy(tmp_path / "no" / "p", Uniform(), CARD)
    with pytest.raises(PolicyFileError, match="cannot be read"):
        load_policy(tmp_path / "absent")


def test_a_policy_that_computes_something_else_here_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p"
    save_policy(path, Greedy(reward_model()), CARD)
    raw = path.read_bytes()
    tensors = dict(safetensors.numpy.load(raw))
    tensors["golden.probabilities"] = np.roll(tensors["golden.probabilities"], 1, axis=0)
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])["__metadata__"]
    header["tensors_sha256"] = tensors_sha256(tensors)
    assert "gives other probabilities here" in refused(
        path, in_one_order(safetensors.numpy.save(tensors, header))
    )


def test_loading_needs_numpy_and_safetensors_alone(path: Path) -> None:
    script = (
        "import sys; from nba.act.bundle import load_policy; load_policy(sys.argv[1]);"
        "print(sorted({n.partition('.')[0] for n in sys.modules} - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ) | {"PYTHONPATH": str(Path(__file__).parents[3])},
    )
    loaded = {"nba", "numpy", "safetensors"}
    found = set(json.loads(done.stdout.replace("'", '"')))
    assert loaded <= found
    heavy = {"torch", "numba", "pyarrow", "scipy", "msgspec", "ray", "mlflow", "pandas"}
    assert not found & heavy


def test_a_loaded_policy_equals_the_saved_one_on_many_rows(path: Path) -> None:
    inputs = batch(9, 1000, 21)
    np.testing.assert_array_equal(
        load_policy(path).policy.batch_probabilities(*inputs), scorer().batch_probabilities(*inputs)
    )
