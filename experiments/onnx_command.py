"""`nba export`: a learned policy for programs that run no Python."""

from pathlib import Path
from typing import Final

import click

from nba.errors import InputError
from nba.terminal import print_json

_STATES: Final = 1000


@click.command()
@click.argument("policy_file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--onnx",
    "onnx_file",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="Where the ONNX graph is written.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
def export(*, policy_file: Path, onnx_file: Path, as_json: bool) -> None:
    """Write the action scorer in POLICY_FILE as an ONNX graph that gives its probabilities.

    Both are compared on 1,000 situations of a simulated centre first.
    """
    from envs.presets import preset
    from envs.vector import ContactCentreVector
    from experiments.export import situations
    from experiments.onnx_export import save_onnx
    from nba.act.bundle import load_policy
    from nba.act.policy import ActionScorer
    from nba.listen.contact_features import CONTACT_CENTRE

    policy = load_policy(policy_file, spec=CONTACT_CENTRE).policy
    if not isinstance(policy, ActionScorer):
        raise InputError(
            f"{policy_file} holds a {type(policy).__name__}; only an action scorer has an ONNX form"
        )
    rows = situations(ContactCentreVector(preset("bank"), 32, seed=0), _STATES, seed=0)
    gap = save_onnx(onnx_file, policy, rows)
    found = {
        "onnx_file": onnx_file,
        "version": policy.version,
        "states": _STATES,
        "largest_difference": gap,
    }
    if as_json:
        print_json(found)
    else:
        told = f"differs by at most {gap:.1g} in probability on {_STATES} situations"
        click.echo(f"{onnx_file} version {policy.version} {told}")
