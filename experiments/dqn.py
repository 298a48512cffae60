"""Double DQN over ragged, masked action sets, with targets discounted by the time that passed.

The net is the action scorer: a value of the situation plus each action's score less their mean, so
its scores alone give the policy. Sources: Mnih et al. 2015 (DQN); van Hasselt et al. 2016 (double);
Wang et al. 2016 (dueling); Bradtke, Duff 1994 (time).
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import torch as th

from envs.config import CentreConfig
from envs.vector import ContactCentreVector
from experiments.dqn_checkpoint import DqnRun
from experiments.replay import Replay, Transitions
from experiments.scorer import ActionScorerPolicy, Observation
from experiments.vec_env import ContactCentreVecEnv, Normalisation
from nba.seeding import generator
from nba.types import Floats32, Ints, RewardModel

_KEEP_EVERY: Final = 500  # steps of all centres between two checkpoints


@dataclass(frozen=True, slots=True)
class DqnConfig:
    """How the values are learned; times and sizes as for the action scorer's training."""

    total_steps: int = 200_000  # decisions
    n_envs: int = 64
    memory_steps: int = 400  # of every centre
    batch_size: int = 512
    decisions_per_update: int = 128
    learning_rate: float = 1e-3
    horizon_s: float = 600.0
    explore_first: float = 0.3  # share of random choices, falling linearly
    explore_last: float = 0.02
    follow: float = 0.01  # share by which the target net follows, per update
    max_grad_norm: float = 1.0
    reward_scale: float = 0.2
    hidden: int = 32
    temperature: float = 0.02  # of the exported policy, in the learner's unit
    floor: float = 0.005
    seed: int = 0


def action_values(net: ActionScorerPolicy, seen: Observation) -> th.Tensor:
    """The value of every action, (B, A); some number where masked."""
    scores, mask = net.logits(seen), seen["mask"]
    mean = (scores * mask).sum(dim=1, keepdim=True) / mask.sum(dim=1, keepdim=True)
    return net.predict_values(seen) + scores - mean


def targets(net: ActionScorerPolicy, slow: ActionScorerPolicy, lived: Transitions) -> th.Tensor:
    """What each decision paid plus what the next is worth: chosen by one net, told by the other."""
    after = lived.after
    legal = action_values(net, after).masked_fill(after["mask"] == 0.0, -th.inf)
    best = legal.argmax(dim=1, keepdim=True)
    value = action_values(slow, after).gather(1, best)[:, 0]
    return lived.reward + lived.discount * value


def train_dqn(
    config: DqnConfig,
    centre: CentreConfig,
    prior_model: RewardModel,
    normalisation: Normalisation,
    *,
    seed: int,
    checkpoint: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> ActionScorerPolicy:
    """The net after training on the days of `seed`; the same arguments give the same weights.

    With `checkpoint`, a file, a run that was killed goes on bit for bit where it was kept last.
    Raises InputError for a checkpoint that is damaged or belongs to other settings.
    """
    th.set_num_threads(1)
    th.manual_seed(config.seed)
    rng = generator(config.seed, "dqn")
    vector = ContactCentreVector(centre, config.n_envs, seed, stagger=True, expected_reward=True)
    vector.reset()
    centres = ContactCentreVecEnv(
        vector, prior_model, normalisation, reward_scale=config.reward_scale
    )
    net, slow = _nets(config, centres)
    optimizer = th.optim.Adam(net.parameters(), lr=config.learning_rate)
    seen = centres.reset()
    replay = Replay(seen, config.memory_steps)
    run = DqnRun(net, slow, optimizer, replay, centres, seen, rng, repr((config, centre, seed)))
    if checkpoint is not None and checkpoint.exists():
        run.load(checkpoint)
        if progress is not None:
            progress(run.rounds * config.n_envs)
    n_rounds = -(-config.total_steps // config.n_envs)
    while run.rounds < n_rounds:
        _round(run, config, run.rounds / n_rounds)
        if checkpoint is not None and run.rounds % _KEEP_EVERY == 0:
            run.save(checkpoint)
        if progress is not None:
            progress(config.n_envs)
    return net


def _round(run: DqnRun, config: DqnConfig, done_share: float) -> None:
    """One step of all centres, and the updates that are due after it."""
    explore = config.explore_first + (config.explore_last - config.explore_first) * done_share
    action = _act(run.net, run.seen, explore, run.rng)
    run.centres.step_async(action)
    following, reward, done, _ = run.centres.step_wait()
    discount = np.exp(-run.centres.dt / config.horizon_s)
    run.replay.add(run.seen, action, reward, discount, done)
    assert isinstance(following, dict)
    run.seen = following
    run.rounds += 1
    run.owed += config.n_envs / config.decisions_per_update
    while run.owed >= 1.0 and len(run.replay) >= 4 * config.batch_size:
        lived = run.replay.sample(config.batch_size, run.rng)
        _update(run.net, run.slow, run.optimizer, lived, config)
        run.owed -= 1.0


def _nets(
    config: DqnConfig, centres: ContactCentreVecEnv
) -> tuple[ActionScorerPolicy, ActionScorerPolicy]:
    """The net, whose first scores are the prior in the learner's unit, and one to follow it."""
    net = ActionScorerPolicy(
        centres.observation_space,  # type: ignore[arg-type]  # it is a Dict space
        centres.action_space,
        lambda _: config.learning_rate,
        hidden=config.hidden,
        prior_weight=config.reward_scale,
    )
    return net, deepcopy(net)


def _act(
    net: ActionScorerPolicy,
    seen: dict[str, Floats32],
    explore: float,
    rng: np.random.Generator,
) -> Ints:
    with th.no_grad():
        scores = net.logits({name: th.from_numpy(rows) for name, rows in seen.items()}).numpy()
    mask = seen["mask"] > 0.0
    best = np.where(mask, scores, -np.inf).argmax(axis=1)
    random = (rng.random(mask.shape) * mask).argmax(axis=1)
    return np.asarray(np.where(rng.random(len(mask)) < explore, random, best), dtype=np.int64)


def _update(
    net: ActionScorerPolicy,
    slow: ActionScorerPolicy,
    optimizer: th.optim.Optimizer,
    lived: Transitions,
    config: DqnConfig,
) -> None:
    with th.no_grad():
        wanted = targets(net, slow, lived)
    found = action_values(net, lived.before).gather(1, lived.action[:, None])[:, 0]
    loss = th.nn.functional.smooth_l1_loss(found, wanted)
    improve(net, slow, optimizer, loss, config)


class Pace(Protocol):
    """How far one update goes."""

    @property
    def max_grad_norm(self) -> float: ...

    @property
    def follow(self) -> float: ...


def improve(
    net: ActionScorerPolicy,
    slow: ActionScorerPolicy,
    optimizer: th.optim.Optimizer,
    loss: th.Tensor,
    pace: Pace,
) -> None:
    """One step down the loss, and the slow net a little after the quick one."""
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]  # torch ships it without types
    th.nn.utils.clip_grad_norm_(net.parameters(), pace.max_grad_norm)
    optimizer.step()
    with th.no_grad():
        for behind, ahead in zip(slow.parameters(), net.parameters(), strict=True):
            behind.lerp_(ahead, pace.follow)
