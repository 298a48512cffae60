"""A small real log, reward model and training run that the workshop's tests share."""

from functools import cache

from envs.logging import WINDOW_S, simulate_log
from envs.presets import preset
from envs.vector import ContactCentreVector
from experiments.config import TrainConfig
from experiments.train import Trained, train
from experiments.vec_env import ContactCentreVecEnv, Normalisation
from nba.act.epsilon_greedy import EpsilonGreedy
from nba.act.longest_idle import LongestIdle
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.objective import Objective
from nba.listen.outcomes import join_outcomes
from nba.types import DecisionLog
from nba.understand.reward_model import LinearRewardModel, fit_reward_model

BANK = preset("bank")
CONFIG = TrainConfig(
    total_steps=1024, n_envs=16, rollout_steps=16, batch_size=128, epochs=2, seed=5, hidden=8
)


@cache
def log() -> DecisionLog:
    """One simulated day with joined outcomes."""
    logging = EpsilonGreedy(LongestIdle(CONTACT_CENTRE), 0.5)
    decisions, outcomes = simulate_log(logging, BANK, n_days=1, seed=100)
    now = float(decisions.at.max()) + 30 * 86_400.0
    joined, _ = join_outcomes(
        decisions, outcomes, objective=Objective(), now=now, window_s=WINDOW_S
    )
    return joined


@cache
def reward_model() -> LinearRewardModel:
    """The ridge model of that day."""
    return fit_reward_model(log())


@cache
def normalisation() -> Normalisation:
    """The column figures of that day."""
    return Normalisation.of_log(log())


@cache
def trained() -> Trained:
    """A few updates of the scorer: enough to move every weight."""
    return train(CONFIG, reward_model(), normalisation())


def vec_env(n_centres: int = 6, *, seed: int = 3, reward_scale: float = 1.0) -> ContactCentreVecEnv:
    """A fresh stable-baselines3 face, its centres spread over the day and started."""
    vector = ContactCentreVector(BANK, n_centres, seed, stagger=True)
    vector.reset()
    return ContactCentreVecEnv(vector, reward_model(), normalisation(), reward_scale=reward_scale)
