"""How fast the action scorer trains: decisions per CPU-second, and seconds until greedy is passed.

Peers are sb3-contrib's MaskablePPO with its own net: with the library's defaults in Gymnasium
environments, and with our batch, centres and epochs in Gymnasium environments and in our batch of
centres. All of it in one process and one thread, by processor time; evaluations are not counted.
"""

import time
from dataclasses import replace
from statistics import median
from typing import Final

import gymnasium
import torch as th
from sb3_contrib import MaskablePPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

from envs.evaluate_days import DayTable, simulate
from envs.registration import register
from experiments.benchmark.rows import Row
from experiments.compare import paired_difference
from experiments.config import TrainConfig
from experiments.export import export
from experiments.learned import LEARNED, Schooling, exploring_log
from experiments.sb3 import make_vec_env
from experiments.seeds import Seeds
from experiments.simulate import centre_of
from experiments.starting_point import StartingPoint, starting_from
from experiments.train import Trained, train
from experiments.vec_env import Normalisation
from nba.learn.greedy import GreedyLearner
from nba.types import Policy

CONFIG: Final = TrainConfig(preset="bank", scenario="peak")
UPDATES: Final = 4  # of each learner; the first, which warms caches up, is not counted
ROUNDS: Final = 3  # all learners take turns, so that what a shared machine does meets them alike
DAYS: Final = 40  # held-out days that a snapshot lives through
_LOOK_EVERY: Final = 2  # updates
LARGEST: Final = 500_000  # decisions after which greedy counts as not passed
_DEFAULT_CENTRES: Final = 8


def rows() -> list[Row]:
    """Decisions per CPU-second, ours and the peers', then the time to pass greedy."""
    register()
    th.set_num_threads(1)
    with threadpool_limits(1):
        return [*_speed(), *_time_to_pass()]


def _speed() -> list[Row]:
    schooling = Schooling(log_days=4, memory=None)
    log = exploring_log(centre_of("bank", "peak"), schooling)
    learner = GreedyLearner()
    learner.learn(log)
    scale = Normalisation.of_log(log)
    peers = {
        "MaskablePPO, its defaults, 8 Gymnasium environments": _default_peer,
        "MaskablePPO, our settings, Gymnasium environments": _equal_peer_in_gymnasium,
        "MaskablePPO, our settings, our batch of centres": _equal_peer,
    }
    ours: list[float] = []
    theirs: dict[str, list[float]] = {name: [] for name in peers}
    for _ in range(ROUNDS):
        ours.append(_our_rate(learner, scale))
        for name, peer in peers.items():
            theirs[name].append(_peer_rate(peer()))
    measured = [Row("decisions", median(ours), "1/CPU-s", "action scorer, our training")]
    for name, rates in theirs.items():
        ratio = median(own / rate for own, rate in zip(ours, rates, strict=True))
        measured.append(Row("decisions", median(rates), "1/CPU-s", name, name, ratio))
    return measured


def _our_rate(learner: GreedyLearner, scale: Normalisation) -> float:
    per_update = CONFIG.n_envs * CONFIG.rollout_steps
    clock: list[float] = []

    def tick(_: Trained) -> bool:
        clock.append(time.process_time())
        return True

    config = replace(CONFIG, total_steps=UPDATES * per_update)
    train(config, learner.model, scale, after_update=tick)
    return per_update * (len(clock) - 1) / (clock[-1] - clock[0])


def _default_peer() -> MaskablePPO:
    # 256 steps instead of 2048: as many epochs of as small batches a decision, in less time.
    return MaskablePPO("MultiInputPolicy", _gymnasium(_DEFAULT_CENTRES), n_steps=256, device="cpu")


def _equal_peer_in_gymnasium() -> MaskablePPO:
    return _equal(_gymnasium(CONFIG.n_envs))


def _equal_peer() -> MaskablePPO:
    return _equal(make_vec_env("bank", scenario="peak", n_centres=CONFIG.n_envs, stagger=True))


def _equal(centres: VecEnv) -> MaskablePPO:
    return MaskablePPO(
        "MultiInputPolicy",
        centres,
        n_steps=CONFIG.rollout_steps,
        batch_size=CONFIG.batch_size,
        n_epochs=CONFIG.epochs,
        device="cpu",
    )


def _gymnasium(n: int) -> DummyVecEnv:
    def made() -> gymnasium.Env[object, object]:
        return gymnasium.make("nba/ContactCentre-v0", preset="bank", scenario="peak")

    return DummyVecEnv([made] * n)


def _peer_rate(learner: MaskablePPO) -> float:
    per_update = learner.n_envs * learner.n_steps
    learner.set_logger(Logger(folder=None, output_formats=[]))
    clock = _Clock()
    learner.learn(UPDATES * per_update, callback=clock)
    return per_update * (len(clock.times) - 1) / (clock.times[-1] - clock.times[0])


class _Clock(BaseCallback):
    """The processor time at the beginning of each rollout."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def _on_step(self) -> bool:
        return True

    def _on_rollout_start(self) -> None:
        self.times.append(time.process_time())

    def _on_training_end(self) -> None:
        self.times.append(time.process_time())


def _time_to_pass() -> list[Row]:
    """From nothing but the log, and from LinUCB; the tuned index rule is above greedy already."""
    centre = centre_of(CONFIG.preset, CONFIG.scenario)
    schooling = Schooling(memory=None)
    log = exploring_log(centre, schooling)
    learner = GreedyLearner()
    learner.learn(log)
    greedy = _lived(learner.policy())
    begun = time.process_time()
    bandit = LEARNED["linucb"](centre, schooling)
    serving = time.process_time() - begun
    starts = {
        "without a prior": (StartingPoint(learner.model, prior_weight=0.0), 0.0),
        "from LinUCB, its rounds included": (starting_from(bandit), serving),
    }
    measured = []
    for name, (start, before) in starts.items():
        seconds, decisions = _until_passed(start, learner, Normalisation.of_log(log), greedy)
        told = (
            f"{name}; {decisions:,} decisions of training" if decisions else f"{name}; not passed"
        )
        measured.append(Row("greedy passed", before + seconds, "CPU-s", told))
    return measured


def _until_passed(
    start: StartingPoint, learner: GreedyLearner, scale: Normalisation, greedy: DayTable
) -> tuple[float, int]:
    """CPU-seconds of training until a snapshot is surely above greedy, and its decisions."""
    config = start.applied_to(replace(CONFIG, total_steps=LARGEST))
    looking = 0.0
    passed = 0
    begun = time.process_time()

    def look(trained: Trained) -> bool:
        nonlocal looking, passed
        if len(trained.curve) % _LOOK_EVERY:
            return True
        before = time.process_time()
        policy = export(trained, config, reward_model=learner.model, prior_model=start.prior_model)
        if paired_difference(_lived(policy), greedy).low > 0.0:
            passed = trained.learner.num_timesteps
        looking += time.process_time() - before
        return not passed

    train(config, start.prior_model, scale, start=start, after_update=look)
    return time.process_time() - begun - looking, passed


def _lived(policy: Policy) -> DayTable:
    centre = centre_of(CONFIG.preset, CONFIG.scenario)
    return simulate(policy, centre, n_days=DAYS, seed=Seeds.of(0).test)
