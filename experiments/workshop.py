"""From a training configuration to a policy file: the part that `nba train` and the demo share."""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from threadpoolctl import (  # type: ignore[import-untyped]  # it ships no types
    threadpool_limits,
)

from envs.config import CentreConfig
from experiments import tracking, walk
from experiments.config import INDEX_RULE, SCORER, LearnConfig, TrainConfig
from experiments.learned import FILED, LEARNED, Schooling
from experiments.parallel import workers
from experiments.plots import learning_curve
from experiments.seeds import Seeds
from experiments.simulate import centre_of
from experiments.starting_point import StartingPoint, starting_point
from experiments.train import Trained, train
from experiments.tune import rounds, tune_prices
from experiments.validation import log_validation
from experiments.value_heads import heads_of
from experiments.vec_env import Normalisation
from nba.act.bundle import Card, save_policy
from nba.act.policy import ActionScorer
from nba.errors import InputError
from nba.learn.greedy import GreedyLearner
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.log import read_log
from nba.listen.objective import Objective
from nba.listen.outcomes import JoinReport
from nba.terminal import note, progress
from nba.types import DecisionLog, Policy
from nba.understand.prices import Prices, priced
from nba.understand.reward_model import LinearRewardModel

CUT_SHORT: Final = "interrupted_after_decisions"  # in the card of a policy whose training was


@dataclass(frozen=True, slots=True)
class Tuning:
    """How much simulation the index rule's prices get."""

    candidates: int = 15
    days: int = 40  # of the first round; each later one takes five times as many


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the training of an action scorer starts from, whatever its settings are."""

    log: DecisionLog
    model: LinearRewardModel
    start: StartingPoint
    prices: Prices | None = None  # of the index rule, where that is the start


def learn_from_config(config: LearnConfig, out: Path, *, resume: bool = False) -> tuple[Path, str]:
    """Learn a rung below the action scorer as configured; the policy file and its version.

    With `resume` a run that was killed goes on with the searches and rounds that `out` holds.

    Raises InputError for a learner that no policy file can hold, or for an `out` in use.
    """
    check_learner(config)
    path = out / "policy.safetensors"
    if path.exists() and not resume:
        raise InputError(f"{path} exists; choose another --out, or remove that file")
    claim(out, config.as_dict(), resume=resume)
    with threadpool_limits(1):
        policy = learned(config, out)
        name, plain = f"{config.learner} {config.preset}", config.as_dict()
        with tracking.start(out, "train", name, config=plain, seed=config.seed) as run:
            version = save_learned(path, policy, config)
            log_validation(run, policy, centre_of(config.preset, config.scenario), config.seed)
            tracking.register_policy(run, path)
    return path, version


def check_learner(config: LearnConfig) -> None:
    """Raise InputError for a learner that no policy file can hold."""
    if config.learner not in FILED:
        known = ", ".join([SCORER, *FILED])
        raise InputError(f"learner is {config.learner!r}; use one of {known}")


def learned(config: LearnConfig, out: Path) -> Policy:
    """What a rung below the action scorer learns; its searches and rounds are kept in `out`."""
    plain = config.as_dict()
    schooling = Schooling(
        **{f.name: plain[f.name] for f in fields(Schooling) if f.name in plain},
        memory=out / "tuning.jsonl",
        checkpoint=out / "checkpoint.safetensors",
    )
    return LEARNED[config.learner](centre_of(config.preset, config.scenario), schooling)


def save_learned(path: Path, policy: Policy, config: LearnConfig) -> str:
    """Write the policy file of such a rung; its version."""
    training = {"learner": config.learner, "config": config.as_dict()}
    return save_policy(path, policy, Card(CONTACT_CENTRE, Objective(), training))


def train_from_config(config: TrainConfig, out: Path, *, resume: bool = False) -> tuple[Path, str]:
    """Log, fit, tune, train, export and register as configured; the policy file and its version.

    Everything lies under `out`, which must not hold a log already. Ctrl-C during training exports
    what has been learned so far. With `resume` a run that was killed or interrupted goes on where
    its last update ended, and ends with the very file that it would have ended with.
    """
    start = given_start(config)
    if (out / "log").exists() and not resume:
        raise InputError(
            f"{out / 'log'} exists; go on with that run by --resume, or choose another --out"
        )
    claim(out, config.as_dict(), resume=resume)
    with threadpool_limits(1):
        ready = prepared(config, out, start)
        with tracking.start(
            out, "train", config.preset, config=config.as_dict(), seed=config.seed
        ) as run:
            trained, policy = trained_on(ready, config, checkpoint=out / "checkpoint.pt")
            if not trained.finished:
                note(
                    f"interrupted after {trained.learner.num_timesteps} decisions; --resume goes on"
                )
            path = out / "policy.safetensors"
            # The card tells whoever reads the file later that it is not what the settings promise.
            cut = {} if trained.finished else {CUT_SHORT: trained.learner.num_timesteps}
            parts = heads_of(trained, config, ready.start.prior_model).rows()
            evidence = {**cut, "value_heads": parts}
            version = walk.save_trained(path, policy, config, ready.prices, evidence)
            log_training(run, trained, {})
            run.log_table("value heads", parts)
            log_validation(run, policy, centre_of(config.preset, config.scenario), config.seed)
            tracking.register_policy(run, path)
    return path, version


def given_start(config: TrainConfig) -> StartingPoint | None:
    """What the configured policy file gives training to start from; None: the tuned index rule."""
    return None if config.start == INDEX_RULE else starting_point(Path(config.start))


def prepared(config: TrainConfig, out: Path, start: StartingPoint | None) -> Prepared:
    """Log, fit and, without a start of its own, tune; what `out` holds of it is not done again."""
    centre, seeds = centre_of(config.preset, config.scenario), Seeds.of(config.seed)
    log = _log_of(out, centre, config.log_days, seeds.learning_log)
    learner = GreedyLearner()
    learner.learn(log)
    if start is not None:
        return Prepared(log, learner.model, start)
    memory = out / "tuning.jsonl"
    prices = tuned(learner.model, centre, Tuning(), seeds.tuning, memory=memory)
    start = StartingPoint(priced(learner.model, CONTACT_CENTRE.action_names, prices))
    return Prepared(log, learner.model, start, prices)


def trained_on(
    ready: Prepared,
    config: TrainConfig,
    *,
    checkpoint: Path,
    after_update: Callable[[Trained], bool] | None = None,
) -> tuple[Trained, ActionScorer]:
    """The action scorer trained from what has been prepared for it, exported and proven."""
    centre = centre_of(config.preset, config.scenario)
    return trained_from(
        config,
        centre,
        ready.log,
        ready.model,
        ready.start,
        "train",
        checkpoint=checkpoint,
        after_update=after_update,
    )


def claim(out: Path, settings: Mapping[str, object], *, resume: bool) -> None:
    """Write down whose run the folder holds; InputError if another's would be gone on with."""
    path, text = out / "config.json", json.dumps(settings, indent=1)
    if resume and path.exists() and path.read_text() != text:
        raise InputError(
            f"{out} holds a run with other settings, see {path}; resume it with those, or choose "
            "another --out"
        )
    out.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _log_of(out: Path, centre: CentreConfig, n_days: int, seed: int) -> DecisionLog:
    """The log under `out`, collected first if it is not there whole."""
    whole, made = out / "log", out / "log.new"
    if not whole.exists():
        shutil.rmtree(made, ignore_errors=True)
        collected(made, "log", centre, n_days, seed)
        made.rename(whole)
    return read_log(whole)


def collected(
    directory: Path, title: str, centre: CentreConfig, n_days: int, seed: int
) -> tuple[DecisionLog, JoinReport]:
    """The log of some days, with a progress bar."""
    with progress(title, n_days) as advance:
        return walk.collect_log(directory, centre, n_days=n_days, seed=seed, progress=advance)


def tuned(
    model: LinearRewardModel,
    centre: CentreConfig,
    tuning: Tuning,
    seed: int,
    title: str = "tune the index rule",
    *,
    memory: Path | None = None,
) -> Prices:
    """The index rule's tuned prices, with a progress bar."""
    with workers() as pool, progress(title, rounds(tuning.candidates)) as advance:
        return tune_prices(
            pool,
            model,
            CONTACT_CENTRE,
            centre,
            seed=seed,
            n_candidates=tuning.candidates,
            first_days=tuning.days,
            memory=memory,
            progress=advance,
        )


def trained_policy(
    config: TrainConfig,
    centre: CentreConfig,
    log: DecisionLog,
    model: LinearRewardModel,
    prices: Prices,
    title: str,
) -> tuple[Trained, ActionScorer]:
    """The action scorer trained from the tuned index rule, exported and proven equal to torch."""
    prior = priced(model, CONTACT_CENTRE.action_names, prices)
    return trained_from(config, centre, log, model, StartingPoint(prior), title)


def trained_from(
    config: TrainConfig,
    centre: CentreConfig,
    log: DecisionLog,
    model: LinearRewardModel,
    start: StartingPoint,
    title: str,
    *,
    checkpoint: Path | None = None,
    after_update: Callable[[Trained], bool] | None = None,
) -> tuple[Trained, ActionScorer]:
    """The action scorer trained from a bandit's model or on from a scorer, and proven equal."""
    prior, scale = start.prior_model, start.normalisation or Normalisation.of_log(log)
    config = start.applied_to(config)
    with progress(title, config.whole_steps) as advance:
        trained = train(
            config,
            prior,
            scale,
            start=start,
            checkpoint=checkpoint,
            after_update=after_update,
            progress=advance,
        )
    policy = walk.export_proven(trained, config, centre, reward_model=model, prior_model=prior)
    return trained, policy


def log_training(run: tracking.Run, trained: Trained, figures: Mapping[str, float]) -> None:
    """The learning curve and some figures of a run."""
    if trained.curve:
        steps, rewards = zip(*trained.curve, strict=True)
        run.log_curve("eur_per_decision", steps, rewards)
        run.log_figure("learning curve", learning_curve(trained.curve))
    for name in sorted({each.component for each in trained.constraints}):
        mine = [each for each in trained.constraints if each.component == name]
        after = [each.decisions for each in mine]
        run.log_curve(f"multiplier.{name}", after, [each.multiplier for each in mine])
        run.log_curve(f"per_contact.{name}", after, [each.per_contact for each in mine])
    run.log_values(figures)
