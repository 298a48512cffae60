"""What is asked for, as the next plan: a version in its role, a use case in its mode."""

import msgspec

from nba.errors import RequestError
from serving.policies.plan import Canary, Plan, UseCase, promoted
from serving.schema_policies import ModeRequest, PromoteRequest


def in_role(plan: Plan, request: PromoteRequest, version: str) -> Plan:
    """The plan in which a version has the role that is asked for."""
    name = request.use_case
    if request.role == "active":
        return promoted(plan, name, version, new_mode="off")
    use = plan.use_case(name)
    if version == use.active:
        raise RequestError(409, "version", f"{version} is active already", "name another version")
    if request.role == "shadow":
        shadows = [*(shadow for shadow in use.shadows if shadow != version), version]
        return plan.changed(name, msgspec.structs.replace(use, shadows=shadows))
    if not request.share:
        raise RequestError(422, "share", "a canary needs customers", "give a share, such as 0.05")
    canary = Canary(version, request.share)
    return plan.changed(name, msgspec.structs.replace(use, canary=canary))


def moved(use: UseCase, request: ModeRequest) -> UseCase:
    """The use case run as is asked for; what is absent stays as it is."""
    canary = use.canary
    if request.canary_share is not msgspec.UNSET:
        if canary is None and request.canary_share:
            message = "there is no canary"
            raise RequestError(409, "canary_share", message, "promote one with role canary")
        share = request.canary_share
        canary = Canary(canary.version, share) if canary is not None and share else None
    return msgspec.structs.replace(
        use,
        mode=use.mode if request.mode is msgspec.UNSET else request.mode,
        holdout=use.holdout if request.holdout is msgspec.UNSET else request.holdout,
        shadows=use.shadows if request.shadows is msgspec.UNSET else request.shadows,
        canary=canary,
    )
