"""Rules as an integrator writes them: a TOML file, checked by name and line against the spec."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, get_args

import msgspec

from nba.act.condition import Comparison, read_condition
from nba.errors import InputError
from nba.listen.encode import FeatureSpec
from nba.types import ACTION_KINDS

Stage = Literal["eligible", "suitable", "contact_policy", "capacity"]
STAGES: Final[tuple[Stage, ...]] = get_args(Stage)  # of the funnel, in this order
WAYS_OUT: Final = ("queue", "none")  # a rule without kinds leaves them: some action must stay


@dataclass(frozen=True, slots=True)
class Rule:
    """Removes the actions of some kinds for which its condition holds.

    >>> Rule("occupancy cap", "capacity", "action.occupancy_1h > 0.95", ("employee",)).stage
    'capacity'
    """

    name: str
    stage: Stage
    remove_if: str  # see nba/act/condition.py
    kinds: tuple[str, ...] = ()  # which it looks at; empty: all but the queue and none
    says: str = ""  # told instead of the numbers; {kind} stands for the action's kind

    def __post_init__(self) -> None:
        if self.stage not in STAGES:
            raise InputError(f"stage {self.stage!r} is unknown; use one of {', '.join(STAGES)}")
        for kind in self.kinds:
            if kind not in ACTION_KINDS:
                raise InputError(f"kind {kind!r} is unknown; use one of {', '.join(ACTION_KINDS)}")
        if not self.name.strip():
            raise InputError("its name is empty; a removal is told by it")


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rules of a server, and which kinds of action a channel's outage takes away."""

    rules: tuple[Rule, ...]
    channels: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: {"voice": ("voice_bot", "callback"), "chat": ("chat_bot",)}
    )
    source: str = "the built-in rules"


class _File(msgspec.Struct, forbid_unknown_fields=True):
    rule: list[dict[str, object]]
    channels: dict[str, tuple[str, ...]] | None = None


# Trade sources call an occupancy above 90 % a road to burnout; the cap of 95 % is assumed.
def built_in(occupancy_cap: float = 0.95) -> RuleSet:
    """The rules of a server that was given no file."""
    return RuleSet(
        (
            Rule(
                "consent",
                "eligible",
                "not customer.consent",
                ("callback",),
                "the customer has not consented to {kind}",
            ),
            Rule(
                "occupancy cap", "capacity", f"action.occupancy_1h > {occupancy_cap}", ("employee",)
            ),
        )
    )


def read_rules(path: Path) -> RuleSet:
    """The rules of a TOML file; raises InputError naming file, line, rule and key."""
    try:
        text = path.read_text(encoding="utf-8")
        plain = msgspec.convert(tomllib.loads(text), _File)
    except OSError as error:
        raise InputError(
            f"rules file {path} cannot be read ({error.strerror}); "
            "give a TOML file like serving/examples/rules.toml"
        ) from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise InputError(
            f"rules file {path}: {error}; write [[rule]] tables and, if wanted, [channels]"
        ) from error
    lines = [n for n, line in enumerate(text.splitlines(), 1) if re.match(r"\s*\[\[rule\]\]", line)]
    rules: list[Rule] = []
    for place, table in enumerate(plain.rule):
        line = lines[place] if place < len(lines) else 0
        with _told(f"rules file {path}, line {line}, rule {table.get('name', '?')!r}"):
            rules.append(_rule(table, rules))
    with _told(f"rules file {path}, [channels]"):
        channels = RuleSet(()).channels if plain.channels is None else plain.channels
        for kinds in channels.values():
            _check_kinds(kinds)
    return RuleSet(tuple(rules), channels, str(path))


def _rule(table: Mapping[str, object], before: Sequence[Rule]) -> Rule:
    try:
        rule = msgspec.convert(table, _Strict)
    except msgspec.ValidationError as error:
        raise InputError(f"{error}; a rule has name, stage, remove_if, kinds, says") from error
    if any(rule.name == earlier.name for earlier in before):
        raise InputError("its name stands twice; a removal is told by it")
    return Rule(rule.name, rule.stage, rule.remove_if, rule.kinds, rule.says)


class _Strict(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    stage: Stage
    remove_if: str
    kinds: tuple[str, ...] = ()
    says: str = ""


def _check_kinds(kinds: Iterable[str]) -> None:
    for kind in kinds:
        if kind not in ACTION_KINDS:
            raise InputError(f"kind {kind!r} is unknown; use one of {', '.join(ACTION_KINDS)}")


class _told:  # noqa: N801 reads as a statement
    """Puts the place before the message of an InputError that is raised inside."""

    def __init__(self, where: str) -> None:
        self._where = where

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, InputError):
            raise InputError(f"{self._where}: {error}") from error


def conditions(
    rules: RuleSet, spec: FeatureSpec, *, lenient: bool = False
) -> list[tuple[Rule, tuple[Comparison, ...]]]:
    """Each rule with its condition on this spec, in the order of the funnel.

    A rule on a feature that the spec lacks is an InputError, or left out if `lenient`.
    """
    found: list[tuple[Rule, tuple[Comparison, ...]]] = []
    for rule in sorted(rules.rules, key=lambda rule: STAGES.index(rule.stage)):
        try:
            found.append((rule, read_condition(rule.remove_if, spec)))
        except InputError as error:
            if not lenient:
                raise InputError(f"rule {rule.name!r} of {rules.source}: {error}") from error
    return found
