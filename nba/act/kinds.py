"""The kinds of policy a file can hold: each as settings (JSON values) and arrays, and back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from nba.act.greedy import Greedy
from nba.act.index_rule import IndexRule
from nba.act.linucb import LinUcb
from nba.act.longest_idle import LongestIdle
from nba.act.neural_linear import NeuralLinear
from nba.act.policy import ActionScorer
from nba.act.softmax import Softmax
from nba.act.squarecb import SquareCb
from nba.act.thompson import Thompson
from nba.act.uniform import Uniform
from nba.errors import PolicyFileError
from nba.listen.encode import FeatureSpec
from nba.types import Policy, RewardModel
from nba.understand.posterior import LinearPosterior
from nba.understand.reward_model import LinearRewardModel

_REWARD_MODEL: Final = "reward_model."
_PRIOR_MODEL: Final = "prior_model."
_SCORER: Final = "scorer."
_DRAWS: Final = "draws"

Settings = dict[str, Any]  # JSON values
Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Kind:
    """How one class of policy is taken apart and put together again."""

    of: type[Any]
    settings: tuple[str, ...]  # its attributes beside the name that are JSON values
    arrays: Callable[[Any], Arrays]
    make: Callable[[Arrays, FeatureSpec, Settings], Policy]  # settings with name and version


def parts_of(policy: Policy) -> tuple[str, Settings, Arrays]:
    """Kind, settings and arrays of a policy; `assemble` restores it.

    Raises PolicyFileError for a policy of another class.
    """
    for name, kind in KINDS.items():
        if isinstance(policy, kind.of):
            settings = {each: getattr(policy, each) for each in ("name", *kind.settings)}
            return name, settings, kind.arrays(policy)
    raise PolicyFileError(
        f"a {type(policy).__name__} has no policy file; save one of {', '.join(KINDS)}"
    )


def assemble(
    kind: str, settings: Settings, arrays: Arrays, *, spec: FeatureSpec, version: str
) -> Policy:
    """The policy that `parts_of` took apart, with its version.

    Raises PolicyFileError for an unknown kind, KeyError, TypeError or ValueError for bad parts.
    """
    if kind not in KINDS:
        raise PolicyFileError(f"holds a policy of kind {kind!r}; known are {', '.join(KINDS)}")
    return KINDS[kind].make(arrays, spec, {**settings, "version": version})


def _scorer_arrays(policy: ActionScorer) -> Arrays:
    arrays: dict[str, NDArray[Any]] = {f"{_SCORER}{k}": a for k, a in policy.parameters.items()}
    models = ((_REWARD_MODEL, policy.reward_model), (_PRIOR_MODEL, policy.prior_model))
    for prefix, model in models:
        if model is not None:
            arrays |= _model_arrays(model, prefix)
    return arrays


def _scorer(arrays: Arrays, spec: FeatureSpec, settings: Settings) -> ActionScorer:
    policy = ActionScorer(
        parameters=_under(_SCORER, arrays),
        reward_model=_model(arrays),
        prior_model=_model(arrays, _PRIOR_MODEL),
        **settings,
    )
    d, p, _ = policy.sizes
    if (d, p) != (len(spec.context_names), len(spec.action_names)):
        raise PolicyFileError(
            f"has a net for {d} context and {p} action columns; its spec has "
            f"{len(spec.context_names)} and {len(spec.action_names)}"
        )
    return policy


def _softmax_arrays(policy: Softmax) -> Arrays:
    if not isinstance(policy.source, RewardModel):
        raise PolicyFileError("a softmax of another policy has no policy file; save that policy")
    return _model_arrays(policy.source)


def _model_arrays(model: RewardModel, prefix: str = _REWARD_MODEL) -> dict[str, NDArray[Any]]:
    if not isinstance(model, LinearRewardModel):
        raise PolicyFileError(
            f"a reward model of class {type(model).__name__} has no file form; "
            "use nba.understand.reward_model.LinearRewardModel"
        )
    return {f"{prefix}{key}": np.asarray(array) for key, array in model.tensors().items()}


def _posterior_arrays(policy: LinUcb) -> Arrays:
    return {f"{_REWARD_MODEL}{key}": array for key, array in policy.posterior.tensors().items()}


def _model(arrays: Arrays, prefix: str = _REWARD_MODEL) -> LinearRewardModel | None:
    found = _under(prefix, arrays)
    return LinearRewardModel.from_tensors(found) if found else None


def _needed(arrays: Arrays) -> LinearRewardModel:
    model = _model(arrays)
    if model is None:
        raise PolicyFileError("has no reward model, which this kind of policy needs")
    return model


def _under(prefix: str, arrays: Arrays) -> dict[str, NDArray[Any]]:
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }


def _nothing(_policy: Policy) -> Arrays:
    return {}


def _reward_arrays(policy: Greedy | IndexRule | SquareCb) -> Arrays:
    return _model_arrays(policy.reward_model)


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "action_scorer": Kind(
            ActionScorer, ("prior_weight", "temperature", "floor"), _scorer_arrays, _scorer
        ),
        "greedy": Kind(Greedy, ("floor",), _reward_arrays, lambda a, _, s: Greedy(_needed(a), **s)),
        "index_rule": Kind(
            IndexRule,
            ("handle_price", "skill_price", "backlog_price"),
            _reward_arrays,
            lambda a, spec, s: IndexRule(_needed(a), spec, **s),
        ),
        "linucb": Kind(
            LinUcb,
            ("width", "floor"),
            _posterior_arrays,
            lambda a, _, s: LinUcb(LinearPosterior.from_tensors(_under(_REWARD_MODEL, a)), **s),
        ),
        "longest_idle": Kind(LongestIdle, (), _nothing, lambda _, spec, s: LongestIdle(spec, **s)),
        "neural_linear": Kind(
            NeuralLinear,
            ("floor",),
            lambda policy: {**_scorer_arrays(policy.scorer), _DRAWS: policy.draws},
            lambda a, spec, s: NeuralLinear(
                _scorer(a, spec, {"name": "representation", "version": s["version"]}),
                a[_DRAWS],
                **s,
            ),
        ),
        "softmax": Kind(
            Softmax,
            ("temperature", "floor"),
            _softmax_arrays,
            lambda a, _, s: Softmax(_needed(a), **s),
        ),
        "squarecb": Kind(
            SquareCb, ("gamma",), _reward_arrays, lambda a, _, s: SquareCb(_needed(a), **s)
        ),
        "thompson": Kind(
            Thompson,
            ("floor",),
            lambda policy: {**_model_arrays(policy.model), _DRAWS: policy.draws},
            lambda a, _, s: Thompson(_needed(a), a[_DRAWS], **s),
        ),
        "uniform": Kind(Uniform, (), _nothing, lambda _, _spec, s: Uniform(**s)),
    }
)
