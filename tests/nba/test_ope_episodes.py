"""Episodes from the command and in three lines: text, JSON and page, both forms of log."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nba import ope
from nba.cli import main
from nba.errors import InputError
from nba.listen.log import write_log
from tests.flat_files import write_csv
from tests.planted_episodes import draw_episodes, log_of, make_chain

CHAIN = make_chain()
DRAWN = draw_episodes(CHAIN, 2000, np.random.default_rng(3))


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [
        {
            "episode": f"e{e}", "step": t, "action": a, "reward": r,
            "propensity": CHAIN.logging[s, a], "p_new": CHAIN.target[s, a],
        }
        for e, t, s, a, r in zip(
            DRAWN.episode.tolist(), DRAWN.step.tolist(), DRAWN.state.tolist(),
            DRAWN.action.tolist(), DRAWN.reward.tolist(), strict=True,
        )
    ]  # fmt: skip
    return write_csv(tmp_path_factory.mktemp("flat") / "log.csv", rows)


@pytest.fixture(scope="module")
def decisions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    log = log_of(CHAIN, DRAWN)
    segments = {"episode": log.unit, "step": DRAWN.step.astype(str).astype(object)}
    folder = tmp_path_factory.mktemp("decisions")
    write_log(folder, replace(log, segments=segments))
    return folder


def test_three_lines_answer_per_episode(flat: Path, decisions: Path) -> None:
    log = ope.open_log(flat)
    answer = ope.run_episodes(log, "p_new")
    assert "per episode" in str(answer)
    with pytest.raises(InputError, match="both 'uniform'"):
        ope.run_episodes(decisions, "uniform", baseline="uniform")
    with pytest.raises(InputError, match="both 'p_new'"):
        ope.run_episodes(log, "p_new", baseline="p_new")
    against = ope.run_episodes(log, "p_new", baseline="propensity")
    assert against.difference.value == pytest.approx(answer.difference.value, rel=0.2)


def test_the_command_tells_it_as_text_json_and_page(
    flat: Path, decisions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for log, target, methods in (
        (flat, "p_new", {"mean", "pdis", "wpdis"}),
        (decisions, "uniform", {"mean", "pdis", "wpdis", "seq-dr", "wdr", "fqe"}),
    ):
        page = tmp_path / "page.html"
        asked = ["ope", "run", str(log), "--target", target, "--sequential"]
        assert main([*asked, "--json", "--report", str(page)]) in (0, 1)
        told = json.loads(capsys.readouterr().out)
        assert told["per"] == "episode"
        assert {e["estimator"] for e in told["estimates"]} == methods
        assert "EUR per episode" in page.read_text()
        assert "effective episodes of 2,000" in page.read_text()
        main(asked)
        assert "EUR per episode" in capsys.readouterr().out


def test_options_that_would_not_be_used_are_refused(
    flat: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["ope", "run", str(flat), "--target", "p_new"]
    assert main([*asked, "--sequential", "--by", "action"]) == 2
    assert "--by is not used with --sequential" in capsys.readouterr().err
    assert main([*asked, "--discount", "0.9"]) == 2
    assert "--discount is not used" in capsys.readouterr().err
