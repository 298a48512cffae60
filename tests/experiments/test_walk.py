"""The stages of the walk."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from experiments import walk
from experiments.seeds import Seeds
from experiments.walk import collect_log, evaluate_offline, export_proven, save_trained
from nba.act.bundle import load_policy
from nba.act.greedy import Greedy
from nba.errors import NbaError
from nba.listen.contact_features import CONTACT_CENTRE
from nba.understand.prices import Prices
from tests.experiments.small_run import BANK, CONFIG, log, reward_model, trained


def ignore(_: int) -> None:
    """Progress that nobody watches."""


@pytest.mark.parametrize("seed", [0, 7, 999_999])
def test_no_block_of_days_is_ever_used_for_two_things(seed: int) -> None:
    blocks = sorted(asdict(Seeds.of(seed)).values())
    # Stages add small numbers to their seed: tuning one per round, an export check one.
    assert np.diff(blocks).min() > 10_000


def test_the_log_is_read_back_with_its_late_outcomes_joined(tmp_path: Path) -> None:
    found, report = collect_log(tmp_path / "log", BANK, n_days=2, seed=3, progress=ignore)
    assert report.joined > 0
    assert report.without_reward == int(np.isnan(found.reward).sum()) < 0.05 * len(found)
    assert np.nanstd(found.reward) > 0.0
    assert 0.0 < found.propensity.min() <= found.propensity.max() <= 1.0
    assert len(list((tmp_path / "log").glob("*.parquet"))) == 1


def test_an_export_outside_the_tolerance_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    model = reward_model()
    monkeypatch.setattr(walk, "_TORCH_TOLERANCE", 0.0)  # which rounding alone exceeds
    with pytest.raises(NbaError, match=r"differs from torch by .* is allowed"):
        export_proven(trained(), CONFIG, BANK, reward_model=model, prior_model=model)


def test_the_card_tells_config_prices_and_evidence(tmp_path: Path) -> None:
    model = reward_model()
    policy = export_proven(trained(), CONFIG, BANK, reward_model=model, prior_model=model)
    path = tmp_path / "policy.safetensors"
    version = save_trained(path, policy, CONFIG, Prices(0.1, 0.2, 0.3), {"verdict": "HOLD"})
    loaded = load_policy(path, spec=CONTACT_CENTRE)
    assert loaded.policy.version == version
    assert loaded.card.training["config"] == CONFIG.as_dict()
    assert loaded.card.training["prior"] == {
        "handle_price": 0.1, "skill_price": 0.2, "backlog_price": 0.3
    }  # fmt: skip
    assert loaded.card.evaluation == {"verdict": "HOLD"}


def test_every_policy_is_evaluated_by_its_name() -> None:
    counted: list[int] = []
    found = evaluate_offline(log(), [Greedy(reward_model())], progress=counted.append)
    assert counted == [1]
    assert list(found) == ["greedy"]
    assert {e.method for e in found["greedy"].estimates} >= {"ips", "snips", "dr"}
