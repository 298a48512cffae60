"""The JSON of the policy store's administration."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from serving.policies.plan import DEFAULT, Mode, Share, UseCase, UseCaseName, Version

Role = Literal["active", "canary", "shadow"]


class PromoteRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Which policy takes which role; give its version or, if it is new to the store, its file.

    A policy file sent as application/octet-stream has these fields in the query instead.
    """

    version: Version | None = None
    file: Annotated[str, Meta(min_length=1, max_length=255)] | None = None  # in the store folder
    use_case: UseCaseName = DEFAULT
    role: Role = "active"
    share: Share = 0.0  # of the customers, for a canary


class RollbackRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """The use case that goes back to the version before."""

    use_case: UseCaseName = DEFAULT


class ModeRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """How a use case is run from now on; what is absent stays as it is."""

    use_case: UseCaseName = DEFAULT
    mode: Mode | UnsetType = UNSET
    holdout: Share | UnsetType = UNSET
    canary_share: Share | UnsetType = UNSET  # 0 ends the canary
    shadows: list[Version] | UnsetType = UNSET  # all of them; an empty list ends them


class PlanReply(Struct, frozen=True):
    """The use case as every worker serves it now."""

    generation: int
    use_case: str
    plan: UseCase
    workers: int  # that have it
