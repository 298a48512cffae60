"""The README runs: its Python blocks as they stand, its commands with the options they show."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from nba.cli import COMMANDS, load

README = (Path(__file__).parents[1] / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
SHELL_ENDS = {"|", "||", "&", "&&", ";", ">", ">>", "2>"}


def shown_commands() -> Iterator[str]:
    for language, text in BLOCKS:
        if language in {"bash", "sh", "console"}:
            lines = text.replace("\\\n", " ").splitlines()
            yield from (line.removeprefix("$ ") for line in lines)


NBA_LINES = [line for line in shown_commands() if line.startswith("nba ")]


def words_of(line: str) -> list[str]:
    words = shlex.split(line, comments=True)[1:]
    ends = [place for place, word in enumerate(words) if word in SHELL_ENDS]
    return words[: ends[0]] if ends else words


def options_of(command: click.Command) -> set[str]:
    return {"--help", "-h"} | {option for param in command.params for option in param.opts}


def test_the_python_blocks_run_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = [text for language, text in BLOCKS if language == "python"]
    assert blocks, "README.md shows no Python example"
    names: dict[str, object] = {"__name__": "readme"}
    for place, text in enumerate(blocks):
        exec(compile(text, f"README.md, Python block {place + 1}", "exec"), names)  # noqa: S102 our own README


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_told(command: str) -> None:
    assert f"nba {command}" in README


@pytest.mark.parametrize("line", NBA_LINES)
def test_a_shown_command_exists_with_its_options(line: str) -> None:
    name, *words = words_of(line)
    assert name in COMMANDS, f"no command {name!r}"
    command = load(COMMANDS[name])
    while isinstance(command, click.Group) and words and words[0] in command.commands:
        command = command.commands[words.pop(0)]
    shown = {word.partition("=")[0] for word in words if word.startswith("-")}
    assert shown <= options_of(command), f"unknown options in {line!r}"


@pytest.mark.parametrize("target", ["demo", "test"])
def test_the_two_commands_of_the_readme_are_targets_of_the_makefile(target: str) -> None:
    makefile = (Path(__file__).parents[1] / "Makefile").read_text()
    assert f"make {target}" in README
    assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)
