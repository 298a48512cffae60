"""The command that makes recorded decisions again and tells what differs."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click

from nba.errors import InputError, LogError
from nba.terminal import print_json, progress
from serving.journal.entries import holds
from serving.journal.records import (
    BATCH,
    DECISION,
    BatchRecord,
    DecisionRecord,
    decode_record,
    kind_of,
)
from serving.journal.segments import (
    journal_folders,
    read_segment,
    records_from,
    segment_numbers,
    segment_path,
)
from serving.path.replay import Difference, replay, replay_baseline, versions
from serving.path.replay_many import replay_many
from serving.policies.served import Served, load_served
from serving.policies.store import SUFFIX

_SHOWN: Final = 20
_ANY_CAP: Final = 1.0  # eligibility is in the record: rules are not asked again


@click.command(name="replay")
@click.argument("journal", type=click.Path(file_okay=False, path_type=Path))
@click.option("--decision", "decision_id", help="Replay this one only")
@click.option(
    "--policies",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path),
    help="Policy file, or folder of them such as the server's store",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON")
def replay_journal(
    journal: Path, *, decision_id: str | None, policies: tuple[Path, ...], as_json: bool
) -> int:
    """Reproduce action, propensity and reasons of JOURNAL's decisions from its records.

    Exit code 0: all of them are the same, to the bit; 1: some differ; 2: a policy file is missing.
    """
    known = _policies(policies)
    differences: list[Difference] = []
    replayed = 0
    segments = [
        segment_path(folder, number)
        for folder in journal_folders(journal).values()
        for number in segment_numbers(folder)
    ]
    if not segments:
        raise LogError(f"{journal} holds no journal; give the folder that `nba serve` wrote")
    with progress("replay (segments)", len(segments)) as advance:
        for path in segments:
            for record in _decisions(path, decision_id):
                if isinstance(record, BatchRecord):
                    found = replay_many(record, _policy_of(record, record.name, known))
                    differences += [d for d in found if decision_id in (None, d.decision_id)]
                    replayed += record.gone.count(0) if decision_id is None else 1
                    continue
                if record.mode == "baseline":
                    differences += replay_baseline(record)
                else:
                    differences += replay(record, _policy_of(record, record.decision_id, known))
                replayed += 1
            advance()
    if decision_id is not None and not replayed:
        raise InputError(f"{journal} has no decision {decision_id!r}")
    _tell(replayed, differences, as_json)
    return 1 if differences else 0


def _decisions(path: Path, decision_id: str | None) -> Iterator[DecisionRecord | BatchRecord]:
    for _, payload in records_from(read_segment(path)):
        if kind_of(payload) not in (DECISION, BATCH):
            continue
        if decision_id is None or holds(payload, decision_id):
            record = decode_record(payload)
            assert isinstance(record, DecisionRecord | BatchRecord)
            yield record


def _policies(given: tuple[Path, ...]) -> dict[tuple[str, str], Served]:
    """Policies by spec version and policy version, safe rules among them."""
    files = [
        file
        for path in given
        for file in (sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path])
    ]
    known: dict[tuple[str, str], Served] = {}
    for file in files:
        served = load_served(file, occupancy_cap=_ANY_CAP)
        for version in versions(served):
            known[served.loaded.card.spec.version, version] = served
    return known


def _policy_of(
    record: DecisionRecord | BatchRecord, name: str, known: dict[tuple[str, str], Served]
) -> Served:
    found = known.get((record.spec_version, record.policy_version))
    if found is None:
        raise InputError(
            f"decision {name!r} was made by policy {record.policy!r} version "
            f"{record.policy_version}, which is in none of --policies; add its file"
        )
    return found


def _tell(replayed: int, differences: list[Difference], as_json: bool) -> None:
    differing = len({difference.decision_id for difference in differences})
    if as_json:
        shown = [asdict(difference) for difference in differences]
        print_json({"replayed": replayed, "differing": differing, "differences": shown})
        return
    click.echo(f"{replayed:,} decisions replayed, {differing:,} differ")
    for difference in differences[:_SHOWN]:
        click.echo(
            f"{difference.decision_id}: {difference.what} was {difference.recorded[:200]}, "
            f"is {difference.replayed[:200]}"
        )
    if len(differences) > _SHOWN:
        click.echo(f"and {len(differences) - _SHOWN:,} more differences; --json has all")
