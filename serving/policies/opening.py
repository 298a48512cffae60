"""Opening the store at the start: the file that was given is put into it and promoted."""

from pathlib import Path

from nba.errors import PolicyFileError
from serving.policies.folder import change_plan, keep_policy, open_folder
from serving.policies.plan import DEFAULT, Plan, promoted
from serving.policies.served import rules_of
from serving.policies.store import PolicyStore
from serving.settings import Settings


def store_folder(settings: Settings) -> Path:
    """The folder of the policies: beside the journal unless another is given."""
    if settings.store:
        return Path(settings.store)
    return settings.journal.with_name(f"{settings.journal.name}-policies")


def open_store(policy_file: Path | None, settings: Settings) -> PolicyStore:
    """The store, with the file as the default use case's active version; None: as it was left.

    Raises InputError for a file or folder that cannot be served.
    """
    folder = store_folder(settings)
    if policy_file is not None:
        raw = read_policy_file(policy_file)
        open_folder(folder)
        cap = settings.occupancy_cap
        served = keep_policy(folder, raw, occupancy_cap=cap, source=str(policy_file))
        change_plan(folder, lambda plan: _with(plan, served.loaded.policy.version))
    elif not folder.is_dir():
        raise PolicyFileError(
            f"there is no policy store at {folder}; start with `nba serve POLICY_FILE` once"
        )
    rules = rules_of(settings.rules)
    return PolicyStore(folder, occupancy_cap=settings.occupancy_cap, rules=rules)


def _with(plan: Plan, version: str) -> Plan:
    use = plan.use_cases.get(DEFAULT)
    if use is not None and use.active == version:
        return plan
    return promoted(plan, DEFAULT, version, new_mode="online")


def read_policy_file(path: Path) -> bytes:
    """The bytes of a file; raises PolicyFileError for one that cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise PolicyFileError(
            f"policy file {path} cannot be read ({error.strerror}); give the path of a file "
            "that `nba train` wrote"
        ) from error
