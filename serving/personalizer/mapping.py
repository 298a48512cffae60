"""How free-form features become the ones that the policy's feature spec names: a TOML file.

Without a file the names have to be those of the spec already.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from nba.errors import InputError, RequestError
from serving.policies.plan import DEFAULT, UseCaseName
from serving.schema import Value

_KIND: Final = "content"  # what Personalizer's actions mostly are


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the value of one feature of the spec comes from."""

    path: str = ""  # "user.age" is age in user, of the first object that has it; empty: the name
    default: Value | UnsetType = UNSET  # what it is where the path leads nowhere
    values: dict[str, Value] = {}  # what it is instead of a text that is sent


class FeatureMap(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file; a side that is absent takes every name as it comes."""

    reward_component: str = ""  # which outcome component a reward is; empty: the only one
    reward_wait_s: float = 600.0  # an event is activated within this time, or never
    use_case: UseCaseName = DEFAULT  # whose policies and mode a rank call gets
    customer: str = ""  # path to the customer's id; empty: every event is somebody else
    consent: str = ""  # path to whether the customer agrees to personalisation; empty: always
    context: dict[str, Source] | None = None
    action: dict[str, Source] | None = None

    def __post_init__(self) -> None:
        if not 0.0 < self.reward_wait_s < float("inf"):
            raise ValueError(f"reward_wait_s is {self.reward_wait_s}; seconds above 0 are needed")

    def context_values(self, sent: list[dict[str, Any]]) -> dict[str, Value]:
        """The context's features by the spec's names; raises RequestError naming one that lacks."""
        return _values(self.context, sent, "contextFeatures")

    def action_values(self, sent: list[dict[str, Any]], place: int) -> tuple[str, dict[str, Value]]:
        """An action's kind and features; raises RequestError naming one that lacks."""
        values = _values(self.action, sent, f"actions[{place}].features")
        return str(values.pop("kind", _KIND)), values


def read_feature_map(path: Path) -> FeatureMap:
    """The map in a file; raises InputError naming what is wrong with it."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=FeatureMap)
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}); give the map of Personalizer's features"
        ) from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise InputError(
            f"{path} is no map of features: {error}; serving/MIGRATE_PERSONALIZER.md shows one"
        ) from error


def found_at(path: str, sent: list[dict[str, Any]]) -> Value | UnsetType:
    """What stands at a path in the first object that has it; raises RequestError for an object.

    >>> found_at("user.tier", [{"device": "phone"}, {"user": {"tier": 2}}])
    2
    """
    for one in sent:
        inner: object = one
        for name in path.split("."):
            inner = inner.get(name, UNSET) if isinstance(inner, Mapping) else UNSET
        if inner is None or isinstance(inner, str | bool | int | float):
            return inner
        if inner is not UNSET:
            message = f"{path} is {type(inner).__name__}; a number, text, true or false is needed"
            raise RequestError(400, path, message)
    return UNSET


def _values(
    sources: Mapping[str, Source] | None, sent: list[dict[str, Any]], where: str
) -> dict[str, Value]:
    if sources is None:
        sources = {name: Source() for one in sent for name in one}
    return dict(_mapped(sources, sent, where))


def _mapped(
    sources: Mapping[str, Source], sent: list[dict[str, Any]], where: str
) -> Iterator[tuple[str, Value]]:
    for name, source in sources.items():
        path = source.path or name
        value = found_at(path, sent)
        if isinstance(value, UnsetType):
            value = source.default
        elif isinstance(value, str):
            value = source.values.get(value, value)
        if isinstance(value, UnsetType):
            message = f"{where} has nothing at {path!r}, from which the feature {name!r} is made"
            raise RequestError(400, where, message, "send it, or give it a default in the map")
        yield name, value
