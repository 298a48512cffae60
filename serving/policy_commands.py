"""`nba policies`: the store's plan from the terminal, whether or not a server runs on it.

A running server watches the plan's file: a change made here is served by all of its workers.
"""

from collections.abc import Callable
from pathlib import Path

import click
import msgspec

from nba.terminal import print_json
from serving.policies.change import in_role, moved
from serving.policies.folder import change_plan, keep_policy, open_folder
from serving.policies.opening import read_policy_file
from serving.policies.plan import DEFAULT, MODES, Plan, read_plan, rolled_back
from serving.policies.store import served_version
from serving.schema_policies import ModeRequest, PromoteRequest
from serving.settings import settings_from

_STORE = click.option(
    "--store",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder of the policies",
)
_USE_CASE = click.option("--use-case", default=DEFAULT, show_default=True, help="Which use case")


@click.group()
def policies() -> None:
    """List, promote and roll back the policies of a store."""


@policies.command("list")
@_STORE
def list_plan(store: Path) -> None:
    """Print the plan as JSON."""
    print_json(msgspec.to_builtins(read_plan(store)))


@policies.command()
@click.argument("policy_file", type=click.Path(dir_okay=False, path_type=Path))
@_STORE
@_USE_CASE
@click.option("--role", type=click.Choice(("active", "canary", "shadow")), default="active")
@click.option("--share", type=float, default=0.0, help="Of the customers, for a canary")
def promote(policy_file: Path, store: Path, use_case: str, role: str, share: float) -> None:
    """Verify POLICY_FILE, put it into the store and give it its role."""
    open_folder(store)
    raw = read_policy_file(policy_file)
    cap = settings_from().occupancy_cap
    served = keep_policy(store, raw, occupancy_cap=cap, source=str(policy_file))
    given = {"use_case": use_case, "role": role, "share": share}
    request = msgspec.convert(given, PromoteRequest)
    version = served.loaded.policy.version
    _change(store, lambda plan: in_role(plan, request, version))


@policies.command()
@_STORE
@_USE_CASE
def rollback(store: Path, use_case: str) -> None:
    """Go back to the version before."""
    _change(store, lambda plan: rolled_back(plan, use_case))


@policies.command()
@click.argument("mode", type=click.Choice(MODES))
@_STORE
@_USE_CASE
@click.option("--holdout", type=float, help="Share of the customers whom the rules serve, always")
def mode(mode: str, store: Path, use_case: str, holdout: float | None) -> None:
    """Run a use case in MODE from now on."""
    given = {"use_case": use_case, "mode": mode}
    request = msgspec.convert(
        given if holdout is None else {**given, "holdout": holdout}, ModeRequest
    )
    _change(store, lambda plan: plan.changed(use_case, moved(plan.use_case(use_case), request)))


def _change(store: Path, change: Callable[[Plan], Plan]) -> None:
    """Change the plan if all that it names can be served; print it."""
    cap = settings_from().occupancy_cap

    def checked(plan: Plan) -> Plan:
        changed = change(plan)
        for version in changed.versions():
            served_version(store, version, occupancy_cap=cap)
        return changed

    print_json(msgspec.to_builtins(change_plan(store, checked)))
