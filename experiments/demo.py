"""The first full walk: from simulated contacts to a served, explained and judged decision."""

import shutil
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from threadpoolctl import (  # type: ignore[import-untyped]  # it ships no types
    threadpool_limits,
)

from envs.config import CentreConfig
from envs.evaluate_days import DayTable
from envs.presets import preset
from experiments import tracking, walk
from experiments.compare import Interval
from experiments.config import TrainConfig
from experiments.demo_result import DemoResult
from experiments.mlflow_store import warm_import
from experiments.report import Difference, Story, write_report
from experiments.requests import busy_centre, decision_request, play_out
from experiments.seeds import Seeds
from experiments.server_check import ask, running_server
from experiments.train import Trained
from experiments.tune import index_rule
from experiments.workshop import Tuning, collected, log_training, trained_policy, tuned
from nba.act.longest_idle import LongestIdle
from nba.errors import NbaError
from nba.evaluate.evaluation import Evaluation
from nba.learn.greedy import GreedyLearner
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.outcomes import JoinReport
from nba.terminal import note, progress
from nba.types import DecisionLog, Policy


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of everything a walk takes."""

    learning_days: int
    evaluation_days: int
    tuning: Tuning
    test_days: int
    training: TrainConfig


FULL: Final = Scale(40, 24, Tuning(), 96, TrainConfig(total_steps=300_000))
FAST: Final = Scale(
    12, 10, Tuning(4, 12), 16, TrainConfig(total_steps=40_960, n_envs=64, rollout_steps=64)
)


def run_demo(scale: Scale, *, seed: int, out: Path) -> DemoResult:
    """Walk through the house; everything that is written lies under `out`.

    `out/walk` (logs and journal) is replaced by each walk, the MLflow store is kept. The same
    seed gives the same figures on the same library versions.
    """
    started = time.monotonic()
    # MLflow takes seconds to import; that goes on while the first contacts are simulated.
    warming = threading.Thread(target=warm_import)
    warming.start()
    # Two walks' logs in one folder would be read as one.
    shutil.rmtree(out / "walk", ignore_errors=True)
    with threadpool_limits(1):
        return _walk(scale, seed, out, started, warming)


def _walk(
    scale: Scale, seed: int, out: Path, started: float, warming: threading.Thread
) -> DemoResult:
    centre = preset(scale.training.preset)
    seeds = Seeds.of(seed)
    learning, joined = collected(
        out / "walk/log",
        "1/7 listen: serve, log, join",
        centre,
        scale.learning_days,
        seeds.learning_log,
    )
    learner = GreedyLearner()
    learner.learn(learning)
    model = learner.model
    title = "2/7 understand: tune the index rule"
    prices = tuned(model, centre, scale.tuning, seeds.tuning, title)
    config = replace(scale.training, seed=seed)
    warming.join()
    with tracking.start(out, "demo", f"walk-{seed}", config=config.as_dict(), seed=seed) as run:
        title = "3/7 act: train the action scorer"
        trained, policy = trained_policy(config, centre, learning, model, prices, title)
        if not trained.finished:
            raise KeyboardInterrupt
        rivals: list[Policy] = [
            LongestIdle(CONTACT_CENTRE),
            learner.policy(),
            index_rule(model, CONTACT_CENTRE, prices),
            policy,
        ]
        offline, tables = _judge(rivals, centre, scale, seeds, out / "walk/log-held-out")
        path = out / "policy.safetensors"
        version = walk.save_trained(path, policy, config, prices, _evidence(tables, offline))
        note(f"6/7 serve: {path}, version {version}")
        reply, outcome = _serve(path, out / "walk/journal", centre, seeds.test)
        result = DemoResult(0.0, seed, tables, offline, reply, str(out / "report.html"))
        _report(result, trained, outcome, joined, learning, config)
        _track(run, result, trained, path)
    return replace(result, seconds=time.monotonic() - started)


def _judge(
    rivals: Sequence[Policy], centre: CentreConfig, scale: Scale, seeds: Seeds, folder: Path
) -> tuple[dict[str, Evaluation], list[DayTable]]:
    """What a log that nobody learned from says of them, and what they earn in simulation."""
    title = "4/7 evaluate: a held-out log"
    log, _ = collected(folder, title, centre, scale.evaluation_days, seeds.evaluation_log)
    with progress("4/7 evaluate: offline", len(rivals) - 1) as advance:
        offline = walk.evaluate_offline(log, rivals[1:], progress=advance)
    with progress("5/7 evaluate: held-out days", scale.test_days * len(rivals)) as advance:
        tables = walk.simulate_each(
            rivals, centre, n_days=scale.test_days, seed=seeds.test, progress=advance
        )
    return offline, tables


def _evidence(tables: Sequence[DayTable], offline: Mapping[str, Evaluation]) -> dict[str, object]:
    """What the policy's card says for it: simulated days, and the verdict of the log."""
    found = offline["trained"]
    return {
        "simulated_days": len(tables[0]["eur_per_contact"]),
        "eur_per_contact": {t.policy: float(t["eur_per_contact"].mean()) for t in tables},
        "offline_eur_per_decision": {e.method: e.value for e in found.estimates},
        "verdict": found.result.verdict,
    }


def _serve(
    policy_file: Path, journal: Path, centre: CentreConfig, seed: int
) -> tuple[dict[str, Any], dict[str, float]]:
    """A decision over HTTP, what came of it posted back, and the journal asked for both."""
    vector = busy_centre(centre, seed)
    context, actions, mask = (part[0].copy() for part in vector.observe())
    request = decision_request(
        context, actions, mask, decision_id=f"demo-{seed}", customer="customer-demo"
    )
    candidates = cast("list[dict[str, object]]", request["actions"])
    places = dict(zip((c["id"] for c in candidates), np.flatnonzero(mask).tolist(), strict=True))
    with running_server(policy_file, journal) as url:
        reply = ask(f"{url}/v1/decisions", request)
        outcome = play_out(vector, places[reply["chosen"]["id"]])
        told = {"decision_id": reply["decision_id"], "components": outcome}
        ask(f"{url}/v1/outcomes", told)
        kept = ask(f"{url}/v1/decisions/{reply['decision_id']}")
    _check_kept(kept, reply, outcome)
    return reply, outcome


def _check_kept(
    kept: Mapping[str, Any], reply: Mapping[str, Any], outcome: Mapping[str, float]
) -> None:
    found = {row["component"]: row["value"] for row in kept["outcomes"]}
    if kept["reply"] != reply or found != dict(outcome):
        raise NbaError(
            f"the journal shows {kept} for decision {reply['decision_id']!r}, not what was "
            "answered and posted: report this as a mistake of the server"
        )


def _report(
    result: DemoResult,
    trained: Trained,
    outcome: Mapping[str, float],
    joined: JoinReport,
    log: DecisionLog,
    config: TrainConfig,
) -> None:
    found = result.offline["trained"].result
    gate = {"PROMOTE": True, "HOLD": False, "CANT_TELL": None}
    gains = {(a, b): d for a, b, d in result.differences()}
    gain, rival = gains["trained", "longest_idle"], gains["trained", "index_rule"]
    story = Story(
        title="A walk through the next-best-action engine",
        policy="trained",
        good=gate[found.verdict],
        verdict=[
            f"{found.verdict}: what the log of another policy says of the trained one.",
            *found.reasons,
            _simulated(gain, rival),
        ],
        tables=result.tables,
        differences=[Difference(a, b, d) for a, b, d in result.differences()],
        offline=[(name, e) for name, f in result.offline.items() for e in f.estimates],
        curve=trained.curve,
        decision=result.decision,
        outcome=outcome,
        facts=_facts(result, joined, log, config),
    )
    write_report(Path(result.report), story)


def _simulated(gain: Interval, rival: Interval) -> str:
    return (
        f"In simulation it earns {gain.value:+.2f} EUR per contact against longest-idle "
        f"[{gain.low:+.2f}, {gain.high:+.2f}] and {rival.value:+.2f} against the tuned index "
        f"rule [{rival.low:+.2f}, {rival.high:+.2f}]."
    )


def _facts(
    result: DemoResult, joined: JoinReport, log: DecisionLog, config: TrainConfig
) -> dict[str, str]:
    return {
        "repeat it": f"nba demo --seed {result.seed}",
        "log": f"{len(log):,} decisions of longest-idle with {walk.EXPLORATION:.0%} exploration",
        "outcomes": f"{joined.joined:,} joined, {joined.late:,} too late, "
        f"{joined.without_reward:,} decisions without a reward yet",
        "training": f"{config.total_steps:,} decisions, MaskablePPO, {config.n_envs} centres",
        "feature spec": f"{log.spec_version}",
    }


def _track(run: tracking.Run, result: DemoResult, trained: Trained, policy_file: Path) -> None:
    """Log curve, figures and files of the walk, and register the policy."""
    log_training(
        run,
        trained,
        {f"{t.policy}.eur_per_contact": float(t["eur_per_contact"].mean()) for t in result.tables},
    )
    run.log_file(Path(result.report))
    version = tracking.register_policy(run, policy_file)
    note(f"7/7 learn: registered next-best-action version {version}, alias challenger")
