"""The `nba` command: one table of subcommands, each loaded when it is used.

Exit codes: 0 done; 1 the answer is "no"; 2 wrong usage or bad input, told in one line;
130 interrupted; 141 the reader of the output left.
"""

import importlib
import os
import select
import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Final, NamedTuple

import click

from nba import __version__
from nba.errors import MissingExtraError, NbaError
from nba.terminal import note

OURS: Final = ("nba", "envs", "experiments", "serving")


class Entry(NamedTuple):
    """Where a subcommand lives, what it does in one line, and the extra it needs."""

    target: str  # "module:click command"
    help: str
    extra: str


COMMANDS: Final[Mapping[str, Entry]] = {
    "demo": Entry(
        "experiments.commands:demo", "Walk the whole loop once and print the table.", "train"
    ),
    "simulate": Entry(
        "experiments.simulate:simulate", "Let a policy serve a simulated contact centre.", "train"
    ),
    "calibrate": Entry(
        "experiments.calibrate:calibrate", "Fit a preset to a log or a table of contacts.", "train"
    ),
    "train": Entry("experiments.commands:train", "Train a policy and export its file.", "train"),
    "sweep": Entry(
        "experiments.commands:sweep", "Try settings of a training side by side.", "train"
    ),
    "compare": Entry(
        "experiments.judging:compare", "Compare policies on the same customers.", "train"
    ),
    "evaluate": Entry(
        "experiments.judging:evaluate", "Judge a policy file against the baselines.", "train"
    ),
    "export": Entry("experiments.onnx_command:export", "Write a policy as an ONNX graph.", "onnx"),
    "ope": Entry("nba.ope_command:ope", "Evaluate a policy on a log, without running it.", "train"),
    "serve": Entry("serving.commands:serve", "Answer decisions over HTTP.", "serve"),
    "journal": Entry(
        "serving.journal_commands:journal",
        "Turn a server's journal into a log; expire it.",
        "serve",
    ),
    "policies": Entry(
        "serving.policy_commands:policies", "List, promote and roll back policies.", "serve"
    ),
    "replay": Entry(
        "serving.replay_command:replay_journal",
        "Make recorded decisions again, to the bit.",
        "serve",
    ),
    "decide": Entry("serving.commands:decide", "Decide one request from the terminal.", "serve"),
    "show": Entry("serving.commands:show", "Print the card of a policy file.", "serve"),
    "bench": Entry(
        "experiments.benchmark.command:bench", "Measure speed on this machine.", "train"
    ),
}


class CommandTable(click.Group):
    """A group that lists its table without importing any of it."""

    def __init__(self, table: Mapping[str, Entry]) -> None:
        super().__init__(
            name="nba",
            help="The next-best-action engine: listen, understand, act, learn.",
            params=[_version_option()],
            context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
            epilog="`nba COMMAND --help` tells the options of one command.",
        )
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the table's order, which is the order of the walk."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """The loaded subcommand; an unknown name is told with the closest known one."""
        if cmd_name not in self.table:
            close = get_close_matches(cmd_name, self.table, n=1)
            remedy = f"did you mean {close[0]!r}?" if close else f"use {', '.join(self.table)}."
            raise click.UsageError(f"No such command {cmd_name!r}; {remedy}", ctx)
        ctx.invoked_subcommand = cmd_name
        return load(self.table[cmd_name])

    def invoke(self, ctx: click.Context) -> object:
        """What the subcommand returns; an absent library names the extra that brings it."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            missing = (error.name or "").partition(".")[0]
            if not missing or missing in OURS:
                raise
            name = str(ctx.invoked_subcommand)
            raise MissingExtraError(
                f"`nba {name}` needs {missing}, which is not installed; "
                f"run: pip install 'nba-engine[{self.table[name].extra}]'"
            ) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table's own help lines."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in self.table.items()])


def load(entry: Entry) -> click.Command:
    """The click command that an entry of the table points to."""
    module, _, name = entry.target.partition(":")
    command = getattr(importlib.import_module(module), name)
    assert isinstance(command, click.Command), f"{entry.target} is no click command"
    return command


def main(arguments: Sequence[str] | None = None, *, table: Mapping[str, Entry] = COMMANDS) -> int:
    """The exit code of one run; what a user can mend is one line on stderr."""
    try:
        code = _run(sys.argv[1:] if arguments is None else arguments, CommandTable(table))
        sys.stdout.flush()
    except (NbaError, click.ClickException) as error:
        _tell(error)
        return 2
    except (KeyboardInterrupt, click.Abort):
        note("interrupted")
        return 130
    except BrokenPipeError:
        if not _reader_left():
            raise
        return 141
    return code


def _run(arguments: Sequence[str], group: CommandTable) -> int:
    try:
        with group.make_context("nba", list(arguments)) as context:
            result = group.invoke(context)
    except click.exceptions.Exit as done:
        return done.exit_code
    return result if isinstance(result, int) else 0


def _tell(error: NbaError | click.ClickException) -> None:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return
    message = error.format_message() if isinstance(error, click.ClickException) else str(error)
    if isinstance(error, click.UsageError):
        message += f" See `{error.ctx.command_path if error.ctx else 'nba'} --help`."
    note("error: " + " ".join(message.split()))


def _reader_left() -> bool:
    """Whether stdout is the broken pipe; if so it is closed quietly, so that exit does not fail."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    if not any(event & select.POLLERR for _, event in poll.poll(0)):
        return False
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    return True


def _version_option() -> click.Option:
    def show(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
        if asked:
            click.echo(f"nba {__version__}")
            ctx.exit()

    return click.Option(
        ["--version"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=show,
        help="Show the version and exit.",
    )
