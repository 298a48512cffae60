from nba.act.policy import ActionScorer
from nba.types import Floats, Floats32
from nba.understand._one_reward import CompiledReward

def takes(*models: object) -> bool: ...

class CompiledScorer:
    def __init__(
        self, policy: ActionScorer, reward: CompiledReward | None, prior: CompiledReward | None
    ) -> None: ...
    predicts: bool
    def __call__(self, context: Floats32, actions: Floats32) -> tuple[Floats, Floats | None]: ...
