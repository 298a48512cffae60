"""Open Bandit Pipeline's dictionary as a log, with its own arrays and none of its code."""

import numpy as np
import pytest

from nba.errors import InputError, LogError
from nba.evaluate.check import check_log, validate_log
from nba.evaluate.flat_evaluation import evaluate_flat, uniform_target
from nba.evaluate.weighting import ips, snips
from nba.listen.bandit_feedback import feedback_flat_log, feedback_log, feedback_target

N, K = 500, 4


def feedback(**changed: object) -> dict[str, object]:
    rng = np.random.default_rng(3)
    action = rng.integers(0, K, N)
    found: dict[str, object] = {
        "n_rounds": N,
        "n_actions": K,
        "context": rng.normal(size=(N, 3)),
        "action": action,
        "position": rng.integers(0, 2, N),
        "reward": rng.binomial(1, 0.2 + 0.1 * action).astype(np.float64),
        "pscore": np.full(N, 1.0 / K),
        "action_context": rng.normal(size=(K, 2)),
    }
    return {**found, **changed}


def test_every_row_offers_all_actions_with_their_features() -> None:
    given = feedback()
    log = feedback_log(given)
    validate_log(log)
    assert np.diff(log.offsets).tolist() == [K] * N
    np.testing.assert_allclose(log.actions[:K], np.asarray(given["action_context"]), rtol=1e-6)
    np.testing.assert_array_equal(log.chosen, np.asarray(given["action"]))
    assert set(log.segments["position"]) == {"0", "1"}


def test_without_action_context_an_action_is_its_own_indicator() -> None:
    log = feedback_log(feedback(action_context=None, position=None))
    np.testing.assert_array_equal(log.actions[:K], np.eye(K))
    assert log.segments == {}


@pytest.mark.parametrize("positions", [None, 2])
def test_an_action_dist_becomes_a_target(positions: int | None) -> None:
    given = feedback()
    dist = np.random.default_rng(4).dirichlet(np.ones(K), size=(N, positions or 1))
    dist = dist.transpose(0, 2, 1) if positions else dist[:, 0]
    target = feedback_target(given, dist)
    log = feedback_log(given)
    position = np.asarray(given["position"]) if positions else np.zeros(N, dtype=int)
    action, reward = np.asarray(given["action"]), np.asarray(given["reward"])
    own = dist[np.arange(N), action, position] if positions else dist[np.arange(N), action]
    weight = own * K
    assert ips(log, target).value == pytest.approx(float((weight * reward).mean()), rel=1e-12)
    expected = float((weight * reward).sum() / weight.sum())
    assert snips(log, target).value == pytest.approx(expected, rel=1e-12)


def test_the_flat_form_answers_the_same() -> None:
    given = feedback()
    answer = evaluate_flat([feedback_flat_log(given)], uniform_target())
    assert answer.difference.value == pytest.approx(0.0, abs=1e-12)
    assert answer.logging.value == pytest.approx(float(np.asarray(given["reward"]).mean()))


def test_a_log_without_pscore_says_so() -> None:
    log = feedback_log(feedback(pscore=None))
    assert check_log(log).propensity == "missing"
    assert feedback_flat_log(feedback(pscore=None)).propensity is None
    with pytest.raises(LogError, match="propensity missing"):
        validate_log(log)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"reward": None}, "has no 'reward'"),
        ({"reward": np.ones(3)}, r"\['reward'\] has shape \(3,\)"),
        ({"context": np.ones(N)}, r"\['context'\] has shape"),
        ({"action": np.full(N, 7)}, "row 0: action 7 of 4"),
        ({"pscore": ["x"] * N}, r"\['pscore'\] holds something that is no number"),
    ],
)
def test_a_faulty_dictionary_is_refused_by_key(changed: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        feedback_log(feedback(**changed))
    with pytest.raises(InputError, match="action_dist has shape"):
        feedback_target(feedback(), np.ones((3, K)))
