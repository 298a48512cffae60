"""Epsilon-greedy: another policy most of the time, uniform otherwise; a simple logging policy."""

from dataclasses import dataclass

from nba.act.policy import one_row, with_floor
from nba.errors import InputError
from nba.types import ActionSet, Bools, Context, Floats, Floats32, Policy


@dataclass(frozen=True, slots=True, eq=False)
class EpsilonGreedy:
    """(1 − ε) of the policy's probabilities and ε of the uniform ones over eligible actions."""

    policy: Policy
    epsilon: float  # share in [0, 1]

    def __post_init__(self) -> None:
        if not 0.0 <= self.epsilon <= 1.0:
            raise InputError(f"epsilon is {self.epsilon}; a share in [0, 1] is needed")

    @property
    def name(self) -> str:
        """The mixed policy's name and the share."""
        return f"{self.policy.name}+epsilon{self.epsilon:g}"

    @property
    def version(self) -> str:
        """The mixed policy's version and the share."""
        return f"{self.policy.version}+epsilon{self.epsilon:g}"

    def probabilities(self, context: Context, actions: ActionSet) -> Floats:
        """The probability of each action, (k,)."""
        return one_row(self, context, actions)

    def batch_probabilities(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats:
        """(B, d), (B, A, p), (B, A) → (B, A), zero where masked."""
        inner = self.policy.batch_probabilities(context, actions, mask)
        return with_floor(inner, mask, self.epsilon)
