"""The kinds of policy a file can hold: each as settings (JSON values) and arrays, and back."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from nba.act.greedy import Greedy
from nba.act.index_rule import IndexRule
from nba.act.longest_idle import LongestIdle
from nba.act.policy import ActionScorer
from nba.act.uniform import Uniform
from nba.errors import PolicyFileError
from nba.listen.encode import FeatureSpec
from nba.types import Policy, RewardModel
from nba.understand.reward_model import LinearRewardModel

KINDS: Final = ("action_scorer", "greedy", "index_rule", "longest_idle", "uniform")
_REWARD_MODEL: Final = "reward_model."
_PRIOR_MODEL: Final = "prior_model."
_SCORER: Final = "scorer."

Settings = dict[str, Any]  # JSON values
Arrays = Mapping[str, NDArray[Any]]


def parts_of(policy: Policy) -> tuple[str, Settings, Arrays]:
    """Kind, settings and arrays of a policy; `assemble` restores it.

    Raises PolicyFileError for a policy of another class.
    """
    name = {"name": policy.name}
    match policy:
        case ActionScorer():
            settings = {
                "prior_weight": policy.prior_weight,
                "temperature": policy.temperature,
                "floor": policy.floor,
            }
            arrays: dict[str, NDArray[Any]] = {
                f"{_SCORER}{key}": array for key, array in policy.parameters.items()
            }
            for prefix, model in (
                (_REWARD_MODEL, policy.reward_model),
                (_PRIOR_MODEL, policy.prior_model),
            ):
                if model is not None:
                    arrays |= _model_arrays(model, prefix)
            return "action_scorer", name | settings, arrays
        case Greedy():
            return "greedy", name, _model_arrays(policy.reward_model)
        case IndexRule():
            settings = {
                "handle_price": policy.handle_price,
                "skill_price": policy.skill_price,
                "backlog_price": policy.backlog_price,
            }
            return "index_rule", name | settings, _model_arrays(policy.reward_model)
        case LongestIdle():
            return "longest_idle", name, {}
        case Uniform():
            return "uniform", name, {}
        case _:
            raise PolicyFileError(
                f"a {type(policy).__name__} has no policy file; save one of {', '.join(KINDS)}"
            )


def assemble(
    kind: str, settings: Settings, arrays: Arrays, *, spec: FeatureSpec, version: str
) -> Policy:
    """The policy that `parts_of` took apart, with its version.

    Raises PolicyFileError for an unknown kind, KeyError, TypeError or ValueError for bad parts.
    """
    models = _under(_REWARD_MODEL, arrays)
    model = LinearRewardModel.from_tensors(models) if models else None
    match kind:
        case "action_scorer":
            parameters = _under(_SCORER, arrays)
            priors = _under(_PRIOR_MODEL, arrays)
            policy = ActionScorer(
                version=version,
                parameters=parameters,
                reward_model=model,
                prior_model=LinearRewardModel.from_tensors(priors) if priors else None,
                **settings,
            )
            _check_sizes(policy, spec)
            return policy
        case "greedy":
            return Greedy(_needed(model), version=version, **settings)
        case "index_rule":
            return IndexRule(_needed(model), spec, version=version, **settings)
        case "longest_idle":
            return LongestIdle(spec, version=version, **settings)
        case "uniform":
            return Uniform(version=version, **settings)
        case _:
            raise PolicyFileError(f"holds a policy of kind {kind!r}; known are {', '.join(KINDS)}")


def _model_arrays(model: RewardModel, prefix: str = _REWARD_MODEL) -> dict[str, NDArray[Any]]:
    if not isinstance(model, LinearRewardModel):
        raise PolicyFileError(
            f"a reward model of class {type(model).__name__} has no file form; "
            "use nba.understand.reward_model.LinearRewardModel"
        )
    return {f"{prefix}{key}": np.asarray(array) for key, array in model.tensors().items()}


def _under(prefix: str, arrays: Arrays) -> dict[str, NDArray[Any]]:
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }


def _needed(model: LinearRewardModel | None) -> LinearRewardModel:
    if model is None:
        raise PolicyFileError("has no reward model, which this kind of policy needs")
    return model


def _check_sizes(policy: ActionScorer, spec: FeatureSpec) -> None:
    d, p, _ = policy.sizes
    if (d, p) != (len(spec.context_names), len(spec.action_names)):
        raise PolicyFileError(
            f"has a net for {d} context and {p} action columns; its spec has "
            f"{len(spec.context_names)} and {len(spec.action_names)}"
        )
