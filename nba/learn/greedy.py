"""The simplest learner: fit what each action earns, then always take the best."""

from dataclasses import dataclass, field

from nba.act.greedy import Greedy
from nba.errors import LogError
from nba.types import DecisionLog
from nba.understand.fit import RIDGE
from nba.understand.reward_model import LinearRewardModel, fit_reward_model


@dataclass(slots=True)
class GreedyLearner:
    """Fits the linear reward model to the last log it was given; its policy is greedy on it."""

    ridge: float = RIDGE  # rows of evidence that a weight has to outweigh
    _model: LinearRewardModel | None = field(default=None, init=False)

    def learn(self, log: DecisionLog) -> None:
        """Fit the model; rows without a reward are left out, LogError if none has one."""
        self._model = fit_reward_model(log, ridge=self.ridge)

    def policy(self) -> Greedy:
        """The policy learned so far: a snapshot that later learning does not change."""
        return Greedy(self.model)

    @property
    def model(self) -> LinearRewardModel:
        """The reward model of the last log; LogError before the first."""
        if self._model is None:
            raise LogError("nothing has been learned yet; call learn(log) first")
        return self._model
