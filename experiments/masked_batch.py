"""What stable-baselines3 asks of a batch of centres besides stepping: masks, and nothing else."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices

from nba.types import Bools


class MaskedBatch(VecEnv):
    """A VecEnv whose centres live in one native batch, not in an object each."""

    @abstractmethod
    def action_masks(self) -> Bools:
        """Which actions are legal now, (B, A): a copy."""

    def env_method(
        self,
        method_name: str,
        *method_args: object,
        indices: VecEnvIndices = None,
        **method_kwargs: object,
    ) -> Any:  # noqa: ANN401 stable-baselines3's own type
        """Only `action_masks`, for the whole batch at once: sb3-contrib stacks what comes out."""
        if method_name != "action_masks":
            raise AttributeError(f"the centres have no method {method_name!r}")
        return self.action_masks()

    def has_attr(self, attr_name: str) -> bool:
        """Whether masks are offered: what sb3-contrib asks."""
        return attr_name == "action_masks"

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """One value per centre of what stable-baselines3 and its wrappers ask for."""
        if attr_name == "action_masks":
            return [self.action_masks] * self.num_envs
        if attr_name != "render_mode":
            raise AttributeError(f"the centres have no attribute {attr_name!r}")
        return [None] * self.num_envs

    def set_attr(self, attr_name: str, value: object, indices: VecEnvIndices = None) -> None:
        """Refused: a centre is configured before it starts."""
        raise AttributeError(f"{attr_name!r} cannot be set; make the centres anew")

    def env_is_wrapped(self, wrapper_class: type[Any], indices: VecEnvIndices = None) -> list[bool]:
        """No centre is wrapped."""
        return [False] * self.num_envs

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Nothing to do where the centres were made with their seed."""
        return [None] * self.num_envs

    def close(self) -> None:
        """Nothing to release."""
