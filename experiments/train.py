"""MaskablePPO on the simulated centres: from a prior to a policy that minds what comes later.

Sources: Schulman et al. 2017 (PPO); Huang, Ontañón 2022 (masks); Bradtke, Duff 1994 (time).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch as th
from sb3_contrib import MaskablePPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import Logger

from envs.vector import ContactCentreVector
from experiments.checkpoint import Parts, load_checkpoint, save_checkpoint
from experiments.config import TrainConfig
from experiments.constraints import Constraints, Measured, limits_of
from experiments.rollout import SemiMdpRolloutBuffer
from experiments.scorer import NET_PARAMETERS, ActionScorerPolicy
from experiments.seeds import Seeds
from experiments.simulate import centre_of
from experiments.starting_point import StartingPoint
from experiments.vec_env import ContactCentreVecEnv, Normalisation
from nba.errors import NbaError
from nba.listen.objective import Objective
from nba.types import RewardModel

# One thread: the tensors are small, and two on two busy cores were four times slower (measured);
# and fixed: the number of threads changes the order of sums, and so the result.
TORCH_THREADS: Final = 1


class TrainingError(NbaError):
    """Training cannot go on; the message names the step and the cause."""


@dataclass(frozen=True, slots=True)
class Trained:
    """What training leaves: the learner, how its inputs are standardised, the learning curve."""

    learner: MaskablePPO
    normalisation: Normalisation
    curve: tuple[
        tuple[int, float], ...
    ]  # (decisions so far, mean EUR per decision at the prices paid)
    finished: bool  # False when it was interrupted
    constraints: tuple[Measured, ...] = ()  # one per limit and rollout


def train(
    config: TrainConfig,
    prior_model: RewardModel,
    normalisation: Normalisation,
    *,
    start: StartingPoint | None = None,
    checkpoint: Path | None = None,
    after_update: Callable[[Trained], bool] | None = None,
    objective: Objective | None = None,
    progress: Callable[[int], None] | None = None,
) -> Trained:
    """Train the action scorer from its prior; the same arguments give the same weights.

    Rewards are expected values paid at decision time, which is less noise than what happens to
    come of each contact; reports never use them. With `start` the net goes on from the weights
    there, so prior and normalisation have to be the start's own. Ctrl-C ends training with the
    state it has. With `checkpoint`, a file, every update is kept there, and a run that was killed
    goes on from it bit for bit. `after_update` is shown what each update has made; its False ends
    training. Raises TrainingError when a loss or weight stops being finite; the checkpoint is then
    the last good one.
    """
    th.set_num_threads(TORCH_THREADS)
    seed = Seeds.of(config.seed).training
    vector = ContactCentreVector(
        centre_of(config.preset, config.scenario),
        config.n_envs,
        seed,
        objective=objective,
        stagger=True,
        expected_reward=True,
    )
    vector.reset()
    centres = ContactCentreVecEnv(
        vector, prior_model, normalisation, reward_scale=config.reward_scale
    )
    learner = _learner(config, centres)
    if start is not None:
        assert isinstance(learner.policy, ActionScorerPolicy)
        start.load_into(learner.policy)
    limits = Constraints(vector, limits_of(config), config.multiplier_rate)
    watch = _Watch(config.reward_scale, config.critic_steps, limits, progress)
    if checkpoint is not None:
        # What a run is made of, its length too: the learning rate falls towards its end.
        parts = Parts(learner, centres, limits, json.dumps(config.as_dict()))
        if checkpoint.exists():
            watch.curve = load_checkpoint(checkpoint, parts)
            watch.skipped(learner.num_timesteps)
        watch.last_good = f"; the last good state is in {checkpoint}"
        watch.keep = lambda: save_checkpoint(checkpoint, parts, watch.curve)
    if after_update is not None:
        shown = after_update
        watch.show = lambda: shown(_trained(learner, normalisation, watch, limits, finished=False))
    finished = True
    try:
        learner.learn(
            config.total_steps - learner.num_timesteps,
            callback=watch,
            reset_num_timesteps=learner.num_timesteps == 0,
        )
    except KeyboardInterrupt:
        finished = False
    except ValueError:
        # torch refuses a distribution that is not finite, in the middle of an update
        watch.check_weights()
        raise
    watch.check_weights()
    finished = finished and watch.goes_on
    if finished:
        watch.keep()
        watch.show()
    return _trained(learner, normalisation, watch, limits, finished=finished)


def _trained(
    learner: MaskablePPO,
    normalisation: Normalisation,
    watch: "_Watch",
    limits: Constraints,
    *,
    finished: bool,
) -> Trained:
    return Trained(learner, normalisation, tuple(watch.curve), finished, tuple(limits.history))


def _learner(config: TrainConfig, centres: ContactCentreVecEnv) -> MaskablePPO:
    first, last = config.learning_rate, config.final_learning_rate
    learner = MaskablePPO(
        ActionScorerPolicy,
        centres,
        learning_rate=lambda remaining: last + (first - last) * remaining,
        n_steps=config.rollout_steps,
        batch_size=config.batch_size,
        n_epochs=config.epochs,
        gae_lambda=config.gae_lambda,
        clip_range=config.clip_range,
        ent_coef=config.entropy_weight,
        vf_coef=config.value_weight,
        max_grad_norm=config.max_grad_norm,
        rollout_buffer_class=SemiMdpRolloutBuffer,
        rollout_buffer_kwargs={"clock": centres, "horizon_s": config.horizon_s},
        policy_kwargs={"hidden": config.hidden, "prior_weight": config.prior_weight},
        seed=config.seed,
        device="cpu",
    )
    # Without a logger of its own it leaves an empty folder in /tmp for every run.
    learner.set_logger(Logger(folder=None, output_formats=[]))
    return learner


class _Watch(BaseCallback):
    """Draws progress, keeps the learning curve, and stops at the first number that is not one."""

    def __init__(
        self,
        reward_scale: float,
        critic_steps: int,
        limits: Constraints,
        progress: Callable[[int], None] | None,
    ) -> None:
        super().__init__()
        self._limits = limits
        self._critic_steps = critic_steps
        self.curve: list[tuple[int, float]] = []
        self._reward_scale = reward_scale
        self._progress = progress
        self.keep: Callable[[], None] = _keep_nothing
        self.show: Callable[[], bool] = _go_on
        self.goes_on = True
        self.last_good = ""  # where the last good state is, in words

    def skipped(self, steps: int) -> None:
        """Count the decisions of a run that goes on."""
        if self._progress is not None:
            self._progress(steps)

    def _on_step(self) -> bool:
        self._limits.days_over(self.locals["dones"])
        if self._progress is not None:
            self._progress(self.training_env.num_envs)
        return self.goes_on

    def check_weights(self) -> None:
        """Raise TrainingError for the first weights that are not finite."""
        for name, weights in self.model.policy.named_parameters():
            if not bool(th.isfinite(weights).all()):
                raise TrainingError(
                    f"weights {name} are not finite after {self.num_timesteps} decisions; "
                    f"lower learning_rate or max_grad_norm{self.last_good}"
                )

    def _on_rollout_start(self) -> None:
        # The update that followed the last rollout is done.
        self.check_weights()
        self.keep()
        if self.curve:
            self.goes_on = self.show()

    def _on_rollout_end(self) -> None:
        # A value that knows nothing yet would undo what a good start has learned.
        learns = self.num_timesteps > self._critic_steps
        for name in NET_PARAMETERS:
            getattr(self.model.policy, name).requires_grad_(learns)
        buffer = self.locals["rollout_buffer"]
        if not np.isfinite(buffer.returns).all():
            raise TrainingError(
                f"returns are not finite after {self.num_timesteps} decisions; "
                f"a reward or value estimate is not a number{self.last_good}"
            )
        mean = float(buffer.rewards.mean()) / self._reward_scale
        self.curve.append((self.num_timesteps, mean))
        self._limits.update(self.num_timesteps)


def _keep_nothing() -> None:
    """A run without a checkpoint."""


def _go_on() -> bool:
    """A run that nobody watches."""
    return True
