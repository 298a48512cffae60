from collections.abc import Sequence

from nba.act.explain import Explainer
from nba.types import Floats32

class CompiledExplainer:
    def __init__(self, explainer: Explainer) -> None: ...
    def why(
        self,
        kinds: Sequence[str],
        features: Floats32,
        chosen: int,
        probabilities: list[float],
        rewards: list[float] | None,
    ) -> tuple[str, str, str]: ...
