"""What is served now: the plan and the policies it names, swapped between two requests.

A store is a folder with plan.json and one file per policy version, or a single policy file that
acts for everybody.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nba.act.rules import RuleSet
from nba.errors import InputError
from serving.policies.assignment import Assignment, Lane, make_lane
from serving.policies.plan import DEFAULT, PLAN, Plan, UseCase, read_plan
from serving.policies.served import Served, load_served

SUFFIX: Final = ".nba"


@dataclass(frozen=True, slots=True)
class Fresh:
    """A plan as it was found on disk, with its policies."""

    plan: Plan
    loaded: Mapping[str, Served]
    seen: tuple[int, int] | None


class PolicyStore:
    """Holds what is served; a new plan is loaded beside it and takes its place as a whole."""

    def __init__(self, path: Path, *, occupancy_cap: float, rules: RuleSet | None = None) -> None:
        """Reads a store folder or one policy file; raises InputError saying what is wrong."""
        self.path = path
        self.occupancy_cap = occupancy_cap
        self.rules = rules  # None: the built-in ones
        self.plan = Plan()
        self.loaded: Mapping[str, Served] = {}  # version → policy, of this plan
        self.current: Served  # the active policy of the default use case
        self._lanes: Mapping[str, Lane] = {}
        self._seen: tuple[int, int] | None = None  # the plan file's identity when it was read
        if path.is_dir():
            self.refresh()
        else:
            self.swap(path)

    def assignment(self, use_case: str, customer: str) -> Assignment:
        """Who decides for this customer; raises RequestError for an unknown use case."""
        lane = self._lanes.get(use_case)
        if lane is None:
            self.plan.use_case(use_case)  # tells which there are
            raise AssertionError("every use case of the plan has a lane")
        return lane.assignment(customer)

    def plain_side(self, use_case: str) -> Lane | None:
        """The lane of a use case whose policy acts and nothing watches; None if it has none."""
        lane = self._lanes.get(use_case)
        return lane if lane is not None and lane.plain.plain else None

    def version(self, version: str) -> Served | None:
        """A policy that is served, or lies in the folder; None if it is not here any more."""
        found = self.loaded.get(version)
        if found is None and (self.path / f"{version}{SUFFIX}").exists():
            with suppress(InputError):  # a damaged one
                found = served_version(self.path, version, occupancy_cap=1.0)
        return found

    def swap(self, path: Path) -> Served:
        """Serve one file for everybody from now on; on a PolicyFileError nothing changes."""
        served = load_served(path, occupancy_cap=self.occupancy_cap, rules=self.rules)
        version = served.loaded.policy.version
        plan = Plan(self.plan.generation + 1, {DEFAULT: UseCase(version)})
        self.put_in_place(plan, {version: served})
        self.path = path
        return served

    def changed(self) -> bool:
        """Has somebody written another plan since it was read here?"""
        found = self._identity()  # None: a single file, or a plan that was taken away
        return found is not None and found != self._seen

    def refresh(self) -> None:
        """Serve what the plan in the folder says; on an InputError nothing changes."""
        self.take(self.read())

    def read(self) -> "Fresh":
        """The plan in the folder with its policies; takes long, changes nothing."""
        seen = self._identity()
        plan = read_plan(self.path)
        if not plan.use_cases:
            raise InputError(
                f"policy store {self.path} has no plan; start with `nba serve POLICY_FILE` once"
            )
        return Fresh(plan, self.load(plan), seen)

    def take(self, fresh: "Fresh") -> None:
        """Serve what was read, from the next request on."""
        self.put_in_place(fresh.plan, fresh.loaded)
        self._seen = fresh.seen

    def load(self, plan: Plan) -> dict[str, Served]:
        """The policies of a plan, those already here as they are; takes long, changes nothing."""
        here, cap, rules = self.loaded, self.occupancy_cap, self.rules
        return {
            version: here.get(version)
            or served_version(self.path, version, occupancy_cap=cap, rules=rules)
            for version in plan.versions()
        }

    def put_in_place(self, plan: Plan, loaded: Mapping[str, Served]) -> None:
        """Serve a plan whose policies are loaded, from the next request on."""
        self.plan, self.loaded = plan, loaded
        self._lanes = {name: make_lane(name, use, loaded) for name, use in plan.use_cases.items()}
        first = plan.use_cases.get(DEFAULT) or next(iter(plan.use_cases.values()))
        self.current = loaded[first.active]

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = (self.path / PLAN).stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns


def served_version(
    folder: Path, version: str, *, occupancy_cap: float, rules: RuleSet | None = None
) -> Served:
    """A version of a store folder, verified; raises InputError for a damaged or absent one."""
    path = folder / f"{version}{SUFFIX}"
    served = load_served(path, occupancy_cap=occupancy_cap, rules=rules)
    found = served.loaded.policy.version
    if found != version:
        raise InputError(f"policy file {path} holds version {found}; promote it from its file")
    return served
