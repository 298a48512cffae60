"""The commands of the counter: serve a policy, decide one request, show a policy file."""

import hashlib
import time
from pathlib import Path

import click
import msgspec

from nba.act.bundle import load_policy
from nba.errors import InputError
from nba.terminal import print_json
from serving.journal.records import reply_of
from serving.lifecycle_log import LOG_FORMATS
from serving.path.asked import check_size
from serving.path.decision import make_decision
from serving.policies.card import card_json, card_told
from serving.policies.served import rules_of
from serving.policies.store import PolicyStore
from serving.schema import DecisionReply, DecisionRequest, decode
from serving.settings import DURABILITIES, settings_from

_FILE = click.Path(dir_okay=False, path_type=Path)
_RULES = click.option("--rules", help="TOML file of eligibility rules")


@click.command()
@click.argument("policy_file", type=_FILE, required=False)
@click.option("--host", help="Address to listen on  [default: 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on; 0 takes a free one  [default: 8080]")
@click.option(
    "--journal", type=click.Path(path_type=Path), help="Journal folder  [default: runs/journal]"
)
@click.option(
    "--durability",
    type=click.Choice(DURABILITIES),
    help="Answer when the record is on disk (fsync) or with the kernel (os)  [default: fsync]",
)
@_RULES
@click.option("--store", help="Folder of the policies  [default: beside the journal]")
@click.option("--workers", type=int, help="Processes that share the port  [default: 1]")
@click.option("--shared-state", help="redis://… that several machines share  [default: none]")
@click.option("--keys", help="TOML file of keys and their scopes  [default: no key is asked for]")
@click.option("--tls-cert", help="PEM certificate, to speak TLS itself")
@click.option("--tls-key", help="PEM key of the certificate")
@click.option(
    "--log-format",
    type=click.Choice(LOG_FORMATS),
    help="Form of the log on stderr  [default: text]",
)
def serve(policy_file: Path | None, **given: object) -> None:
    """Answer decisions over HTTP.

    The policy in POLICY_FILE is put into the store and promoted; without it the store is served
    as it was left.
    """
    from serving.run import run_server  # only this command needs the HTTP server

    run_server(policy_file, settings_from(given=given))


@click.command()
@click.argument("request_file", type=_FILE)
@click.option("--policy", "policy_file", type=_FILE, required=True, help="Policy file")
@click.option("--json", "as_json", is_flag=True, help="Print the server's answer as JSON")
@_RULES
def decide(request_file: Path, policy_file: Path, as_json: bool, rules: str | None) -> None:
    """Decide the request in REQUEST_FILE: what POST /v1/decisions takes, without remembering it.

    A request without a decision_id gets one made from its bytes, so that asking twice gives the
    same answer.
    """
    settings = settings_from(given={"rules": rules})
    chosen_rules = rules_of(settings.rules)
    served = PolicyStore(
        policy_file, occupancy_cap=settings.occupancy_cap, rules=chosen_rules
    ).current
    body = _read(request_file)
    request = decode(body, DecisionRequest)
    check_size(len(request.actions), settings.max_actions)
    decision_id = request.decision_id or f"file-{hashlib.sha256(body).hexdigest()[:24]}"
    record = make_decision(request, body, served, decision_id=decision_id, now=time.time())
    reply = reply_of(record)
    if as_json:
        print_json(msgspec.to_builtins(reply))
    else:
        click.echo(_told(reply))


@click.command()
@click.argument("policy_file", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="Print the card as JSON")
def show(policy_file: Path, as_json: bool) -> None:
    """Verify POLICY_FILE and print its card: what it is, what it needs, how it came about."""
    loaded = load_policy(policy_file)
    if as_json:
        print_json(card_json(loaded))
    else:
        click.echo(card_told(loaded))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"request file {path} cannot be read ({error.strerror}); give a JSON file like "
            "serving/examples/decision.json"
        ) from error


def _told(reply: DecisionReply) -> str:
    lines = [
        f"{reply.chosen.id} ({reply.chosen.kind}), propensity {reply.propensity:.4f}",
        f"decision {reply.decision_id}, policy {reply.policy} {reply.policy_version}, {reply.mode}",
        "",
        *(f"  because: {reason}" for reason in reply.why),
        "",
    ]
    width = max(len(ranked.id) for ranked in reply.ranked)
    for ranked in reply.ranked:
        reward = ranked.expected_reward_eur
        told = "" if isinstance(reward, msgspec.UnsetType) else f"  {reward:8.2f} EUR expected"
        lines.append(f"  {ranked.id:<{width}}  {ranked.probability:.4f}{told}")
    lines += [f"  {action}: removed, {rule}" for action, rule in reply.excluded.items()]
    return "\n".join(lines)
