"""`nba compare` and `nba evaluate`: policies on the same customers, with paired differences."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from nba.errors import InputError
from nba.terminal import note, print_json, progress

if TYPE_CHECKING:
    from envs.config import CentreConfig
    from experiments.compare import Comparison, Contestant
    from experiments.rivals import Rival

_BASELINES: Final = "longest_idle,static_rules,c_mu"
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
_PRESET = click.option("--preset", "preset_name", default="bank", show_default=True, help="Centre.")
_SCENARIO = click.option(
    "--scenario", default="normal", show_default=True, help="What befalls the centre."
)
_DAYS = click.option(
    "--days",
    type=click.IntRange(2, 10_000),
    default=40,
    show_default=True,
    help="Centre-days of each seed block.",
)
_SEED = click.option(
    "--seed", type=click.IntRange(0, 900_000), default=0, show_default=True, help="First block."
)
_SEEDS = click.option(
    "--seeds",
    type=click.IntRange(1, 10_000),
    default=1,
    show_default=True,
    help="How many blocks of days; what is learned is learned anew for each.",
)


@click.command()
@_PRESET
@_SCENARIO
@click.option(
    "--policies",
    required=True,
    help="Names, policy files and configurations, separated by commas.",
)
@_SEEDS
@_DAYS
@_SEED
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("runs/compare"),
    show_default=True,
    help="Where policies trained from configurations are kept for the next comparison.",
)
@_JSON
def compare(
    *,
    preset_name: str,
    scenario: str,
    policies: str,
    seeds: int,
    days: int,
    seed: int,
    out: Path,
    as_json: bool,
) -> None:
    """Compare policies on the same customers; differences are to the first one, paired."""
    from experiments.compare import comparison_json
    from experiments.rivals import names_of, rival
    from experiments.simulate import centre_of

    names = names_of(policies)
    if len(names) < 2:
        raise InputError(f"--policies names {len(names)} policy; give two or more, with commas")
    centre = centre_of(preset_name, scenario)
    rivals = [
        rival(name, preset=preset_name, scenario=scenario, centre=centre, out=out) for name in names
    ]
    blocks = range(seed, seed + seeds)
    told = _contestants("compare", rivals, centre, days=days, policy_seeds=blocks, day_seeds=blocks)
    if seeds == 1 and any(one.learned_anew for one in told):
        note("one training seed: the intervals tell nothing of another training; see --seeds")
    pairs = [(one, told[0]) for one in told[1:]]
    found = comparison_json(told, pairs, preset=preset_name, scenario=scenario, seeds=blocks)
    _tell(found, as_json=as_json)


@click.command()
@click.argument("policy_file", type=click.Path(dir_okay=False, path_type=Path))
@_PRESET
@_SCENARIO
@click.option("--against", default=_BASELINES, show_default=True, help="Baselines, with commas.")
@_SEEDS
@_DAYS
@_SEED
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("runs/evaluate"),
    show_default=True,
    help="Where the MLflow run is kept.",
)
@_JSON
def evaluate(
    *,
    policy_file: Path,
    preset_name: str,
    scenario: str,
    against: str,
    seeds: int,
    days: int,
    seed: int,
    out: Path,
    as_json: bool,
) -> None:
    """Judge POLICY_FILE against baselines on days that no training has seen; MLflow keeps it."""
    from experiments.compare import comparison_json
    from experiments.rivals import names_of, rival
    from experiments.seeds import Seeds
    from experiments.simulate import centre_of

    names = names_of(against)
    if not names:
        raise InputError("--against names no baseline; give one or more, with commas")
    centre = centre_of(preset_name, scenario)
    if not policy_file.exists():
        raise InputError(f"{policy_file} does not exist; give a policy file")
    rivals = [
        rival(name, preset=preset_name, scenario=scenario, centre=centre, out=out)
        for name in (str(policy_file), *names)
    ]
    blocks = range(seed, seed + seeds)
    held_out = [Seeds.of(block).test for block in blocks]
    told = _contestants(
        "evaluate", rivals, centre, days=days, policy_seeds=blocks, day_seeds=held_out
    )
    pairs = [(told[0], baseline) for baseline in told[1:]]
    found = comparison_json(told, pairs, preset=preset_name, scenario=scenario, seeds=held_out)
    settings = {"policy_file": str(policy_file), "preset": preset_name, "scenario": scenario,
                "against": against, "seeds": seeds, "days": days}  # fmt: skip
    _log(found, out, settings, seed)
    _tell(found, as_json=as_json)


def _contestants(
    title: str,
    rivals: "Sequence[Rival]",
    centre: "CentreConfig",
    *,
    days: int,
    policy_seeds: Sequence[int],
    day_seeds: Sequence[int],
) -> "list[Contestant]":
    """Every rival over every block; those that share a name keep the one they were asked by."""
    from envs.evaluate_days import simulate
    from experiments.compare import Contestant

    learned = [[rival.policy(seed) for seed in policy_seeds] for rival in rivals]
    with progress(title, days * len(rivals) * len(day_seeds)) as advance:
        tables = [
            tuple(
                simulate(policy, centre, n_days=days, seed=seed, progress=advance)
                for policy, seed in zip(policies, day_seeds, strict=True)
            )
            for policies in learned
        ]
    names = [policies[0].name for policies in learned]
    if len(set(names)) < len(names):
        names = [rival.name for rival in rivals]
    return [
        Contestant(name, days_of, rival.learned_anew)
        for name, days_of, rival in zip(names, tables, rivals, strict=True)
    ]


def _log(found: "Comparison", out: Path, settings: Mapping[str, object], seed: int) -> None:
    from experiments import tracking

    name = f"{found['rows'][0]['policy']} in {settings['preset']}"
    with tracking.start(out, "evaluate", name, config=settings, seed=seed) as run:
        run.log_values(
            {
                f"minus {row['minus']}{suffix}": float(str(row[figure]))
                for row in found["differences"]
                for figure, suffix in (("value", ""), ("low", ".low"), ("high", ".high"))
            }
        )
        run.log_table("rows", found["rows"])
        run.log_table("differences", found["differences"])
    note(f"recorded in {run.store}, run {run.run_id}")


def _tell(found: "Comparison", *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    for row in found["rows"]:
        name = f"{row['policy']} [{row['seed_block']}]"
        click.echo(_told(name, row, "eur_per_contact"))
    for row in found["differences"]:
        click.echo(_told(f"{row['policy']} − {row['minus']}", row, "value"))


def _told(name: str, row: Mapping[str, object], figure: str) -> str:
    return f"{name:<32} {row[figure]:8.3f} [{row['low']:.3f}, {row['high']:.3f}]"
