"""`nba simulate`: a policy serves simulated days; key figures, and a log of any length if asked."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from nba.terminal import note, print_json, progress

if TYPE_CHECKING:
    from envs.config import CentreConfig
    from envs.day_figures import DayRow
    from envs.logged_run import LoggedRun
    from nba.types import Floats


@click.command()
@click.option("--preset", "preset_name", default="bank", show_default=True, help="Name or TOML.")
@click.option("--scenario", default="normal", show_default=True, help="What befalls the centre.")
@click.option("--policy", default="longest_idle", show_default=True, help="Name or policy file.")
@click.option(
    "--exploration",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Share of random choices; a log without any cannot be evaluated offline.",
)
@click.option(
    "--days",
    type=click.IntRange(1, 10_000),
    default=20,
    show_default=True,
    help="Working days of each site.",
)
@click.option(
    "--sites",
    type=click.IntRange(1, 10_000),
    default=1,
    show_default=True,
    help="Centres of this kind, each with its own employees.",
)
@click.option(
    "--employees", type=click.IntRange(1, 2000), help="Another size; the load grows with it."
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option(
    "--log",
    "log_folder",
    type=click.Path(path_type=Path),
    help="Write the decisions here; the same command continues a log that was interrupted.",
)
@click.option(
    "--as-of",
    "as_of_days",
    type=click.FloatRange(0),
    default=30.0,
    show_default=True,
    help="The log as it stands this many days after the last one: later outcomes are missing.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
def simulate(
    *,
    preset_name: str,
    scenario: str,
    policy: str,
    exploration: float,
    days: int,
    sites: int,
    employees: int | None,
    seed: int,
    log_folder: Path | None,
    as_of_days: float,
    as_json: bool,
) -> None:
    """Let a policy serve simulated days; tell the key figures, write the log if asked."""
    from envs.day_figures import key_figures
    from envs.logged_run import LoggedRun
    from experiments.policies import policy_of

    centre = centre_of(preset_name, scenario, employees)
    served = policy_of(policy, exploration=exploration, centre=centre)
    run = LoggedRun(
        policy=served,
        config=centre,
        sites=sites,
        days=days,
        seed=seed,
        as_of_days=as_of_days,
        named={
            "preset": preset_name,
            "scenario": scenario,
            "employees": centre.n_employees,
            "policy": served.name,
        },
    )
    written: dict[str, object] = {}
    if log_folder is None:
        rows = _served(run)
    else:
        written, rows = _logged(log_folder, run)
    told = kpi_rows(key_figures(centre, rows), [row["site"] for row in rows])
    if as_json:
        size = {"sites": sites, "days": days, "seed": seed}
        print_json({**run.named, **size, **written, "rows": told})
        return
    _print_table(run, told)
    for name, value in written.items():
        click.echo(f"{name:<20} {value}")


def centre_of(preset_name: str, scenario_name: str, employees: int | None = None) -> "CentreConfig":
    """A preset under a scenario, at another size if asked: the load per employee stays.

    Raises InputError naming a preset or scenario that there is not.
    """
    from envs.calibration.preset_file import named_centre
    from envs.scenarios import scenario

    config = named_centre(preset_name)
    if employees is not None:
        load = config.contacts_per_day * employees / config.n_employees
        config = replace(config, n_employees=employees, contacts_per_day=load)
    return scenario(config, scenario_name)


def kpi_rows(figures: "Mapping[str, Floats]", site: Sequence[float]) -> list[dict[str, object]]:
    """Each key figure's mean over centre-days with its 95 % interval, None for a single day.

    Days of one site share its employees, so more sites than one are averaged site by site.
    """
    from experiments.compare import mean_interval

    sites = sorted(set(site))
    rows: list[dict[str, object]] = []
    for name, days in figures.items():
        means = days
        if len(sites) > 1:
            means = np.array([days[np.array(site) == one].mean() for one in sites])
        if len(means) > 1:
            rows.append({"kpi": name, **asdict(mean_interval(means))})
        else:
            rows.append({"kpi": name, "value": float(means[0]), "low": None, "high": None})
    return rows


def _served(run: "LoggedRun") -> "Sequence[DayRow]":
    """The days' figures without a log."""
    from envs.day_blocks import day_blocks, play_block
    from envs.day_figures import DayFigures

    rows: list[DayRow] = []
    with progress("serve", run.sites * run.days) as advance:
        for block in day_blocks(run.config, sites=run.sites, days=run.days):
            figures = DayFigures(block)
            for step in play_block(run.policy, run.config, block, seed=run.seed):
                figures(step)
                if step.ended.any():
                    advance(int(step.ended.sum()))
            rows += figures.rows()
    return rows


def _logged(folder: Path, run: "LoggedRun") -> "tuple[dict[str, object], Sequence[DayRow]]":
    """What is told of the log that the folder then holds, and its days' figures."""
    from envs.log_directory import claimed, write_missing_parts

    total = run.sites * run.days
    with claimed(folder, run) as done:
        if done:
            goes_on = "continuing" if done < total else "nothing is left to simulate"
            note(f"{folder} holds {done} of {total} centre-days; {goes_on}")
        with progress("serve and log", total - done) as advance:
            summary = write_missing_parts(folder, run, progress=advance)
    told: dict[str, object] = {
        "log": str(folder),
        "decisions": summary.decisions,
        "late_outcomes": summary.outcomes["late"],
        "outcomes_to_come": summary.outcomes["out_of_time"],
        "without_reward": summary.outcomes["without_reward"],
    }
    return told, summary.days


def _print_table(run: "LoggedRun", rows: Sequence[Mapping[str, object]]) -> None:
    from rich.console import Console
    from rich.table import Table

    title = f"{run.policy.name}, {run.sites} site(s) × {run.days} day(s)"
    table = Table(title=title, title_justify="left")
    table.add_column("per centre-day")
    for heading in ("mean", "95 % from", "to"):
        table.add_column(heading, justify="right")
    for row in rows:
        numbers = (row["value"], row["low"], row["high"])
        table.add_row(str(row["kpi"]), *("" if x is None else f"{x:.3f}" for x in numbers))
    Console().print(table)
