"""The plan: which policy version acts for which use case, for whom, and what runs beside it.

It is one small JSON file, replaced atomically; every worker reads it and holds the same plan.
"""

import os
from pathlib import Path
from typing import Annotated, Final, Literal, get_args

import msgspec
from msgspec import Meta, Struct

from nba.errors import InputError, RequestError

Mode = Literal["off", "shadow", "apprentice", "online"]
MODES: Final[tuple[str, ...]] = get_args(Mode)
DEFAULT: Final = "default"  # the use case of a request that names none
PLAN: Final = "plan.json"
KEPT: Final = 20  # versions that a rollback can reach

UseCaseName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,64}$(?!\n)")]
Version = Annotated[str, Meta(pattern=r"^[0-9a-f]{12}$(?!\n)")]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]


class Canary(Struct, frozen=True, forbid_unknown_fields=True):
    """A version that acts for a share of the customers."""

    version: Version
    share: Share


class UseCase(Struct, frozen=True, forbid_unknown_fields=True):
    """What is served for one use case."""

    active: Version
    previous: list[Version] = []  # the latest last: what a rollback goes back to
    mode: Mode = "online"
    canary: Canary | None = None
    holdout: Share = 0.0  # share of the customers whom the safe rule serves, always
    shadows: list[Version] = []  # scored and journalled, never acted on

    def versions(self) -> set[str]:
        """All versions that this use case needs loaded."""
        canary = set() if self.canary is None else {self.canary.version}
        return {self.active, *canary, *self.shadows}


class Plan(Struct, frozen=True, forbid_unknown_fields=True):
    """All use cases; the generation grows by one with every change."""

    generation: int = 0
    use_cases: dict[UseCaseName, UseCase] = {}

    def versions(self) -> set[str]:
        """All versions that are needed."""
        return {version for use in self.use_cases.values() for version in use.versions()}

    def use_case(self, name: str) -> UseCase:
        """The use case of a name; raises RequestError for an unknown one."""
        found = self.use_cases.get(name)
        if found is None:
            known = ", ".join(self.use_cases) or "none yet: promote a policy"
            raise RequestError(
                422, "use_case", f"use case {name[:64]!r} is unknown", f"use one of: {known}"
            )
        return found

    def changed(self, name: str, use_case: UseCase) -> "Plan":
        """The next generation, with this use case changed."""
        return Plan(self.generation + 1, {**self.use_cases, name: use_case})


def promoted(plan: Plan, name: str, version: str, *, new_mode: Mode) -> Plan:
    """The plan in which this version is the active one; a use case not seen before gets a mode."""
    use = plan.use_cases.get(name)
    if use is None:
        return plan.changed(name, UseCase(version, mode=new_mode))
    if use.active == version:
        previous = use.previous
    else:
        previous = [*use.previous, use.active][-KEPT:]
    canary = use.canary if use.canary is not None and use.canary.version != version else None
    shadows = [shadow for shadow in use.shadows if shadow != version]
    return plan.changed(
        name,
        msgspec.structs.replace(
            use, active=version, previous=previous, canary=canary, shadows=shadows
        ),
    )


def rolled_back(plan: Plan, name: str) -> Plan:
    """The plan in which the version before the active one is active again."""
    use = plan.use_case(name)
    if not use.previous:
        raise RequestError(
            409, "use_case", f"{name} has had no version before {use.active}", "promote another"
        )
    back = msgspec.structs.replace(use, active=use.previous[-1], previous=use.previous[:-1])
    return plan.changed(name, back)


def read_plan(folder: Path) -> Plan:
    """The plan in a folder, an empty one if there is none; raises InputError for a damaged one."""
    path = folder / PLAN
    try:
        return msgspec.json.decode(path.read_bytes(), type=Plan)
    except FileNotFoundError:
        return Plan()
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}); give a readable folder with --store"
        ) from error
    except msgspec.MsgspecError as error:
        raise InputError(
            f"{path} is damaged ({error}); restore it, or remove it and promote a policy again"
        ) from error


def write_plan(folder: Path, plan: Plan) -> None:
    """Replace the plan atomically and durably; raises InputError if the folder refuses it."""
    temporary = folder / f".{PLAN}.{os.getpid()}.tmp"
    try:
        with temporary.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(plan)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / PLAN)
    except OSError as error:
        raise InputError(
            f"{folder / PLAN} cannot be written ({error.strerror}); give a writable folder"
        ) from error
