"""What the demo has to show."""

import io
import json
from functools import cache

import pytest
from rich.console import Console

from envs.evaluate_days import simulate
from experiments.demo_result import DemoResult
from experiments.walk import evaluate_offline
from nba.act.greedy import Greedy
from nba.act.longest_idle import LongestIdle
from nba.act.uniform import Uniform
from nba.listen.contact_features import CONTACT_CENTRE
from nba.terminal import print_json
from nba.types import Policy
from tests.experiments.small_run import BANK, log, reward_model


@cache
def result() -> DemoResult:
    """Real tables of three policies on four days; the one in question is greedy."""
    trained = Greedy(reward_model(), name="trained")
    policies: list[Policy] = [LongestIdle(CONTACT_CENTRE), Uniform(), trained]
    tables = [simulate(policy, BANK, n_days=4, seed=2) for policy in policies]
    offline = evaluate_offline(log(), policies[1:], progress=lambda _: None)
    return DemoResult(12.34, 0, tables, offline, {"chosen": {"id": "queue"}}, "report.html")


def test_the_trained_policy_is_set_against_all_and_the_others_against_the_baseline() -> None:
    pairs = [(policy, minus) for policy, minus, _ in result().differences()]
    assert pairs == [
        ("trained", "longest_idle"),
        ("trained", "uniform"),
        ("uniform", "longest_idle"),
    ]


def test_differences_agree_with_the_values(capsys: pytest.CaptureFixture[str]) -> None:
    print_json(result().to_json())
    told = json.loads(capsys.readouterr().out)
    value = {row["name"]: row["eur_per_contact"] for row in told["policies"]}
    assert told["seconds"] == 12.3
    for row in told["differences"]:
        assert row["value"] == pytest.approx(value[row["policy"]] - value[row["minus"]])
        assert row["low"] < row["value"] < row["high"]


def test_the_verdict_is_the_gates_word_on_the_trained_policy() -> None:
    assert result().verdict == result().offline["trained"].result.verdict


def test_the_table_fits_a_terminal_of_80_columns() -> None:
    text = io.StringIO()
    Console(file=text, width=80).print(result().table())
    lines = text.getvalue().splitlines()
    assert max(len(line.rstrip()) for line in lines) <= 80
    for name in ("longest_idle", "uniform", "trained"):
        row = next(line for line in lines if line.strip().startswith(name))
        assert "±" in row
        assert "…" not in row
