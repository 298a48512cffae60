"""The command table: lazy, and one line for whatever a user can mend."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nba import __version__
from nba.cli import COMMANDS, Entry, main

SHOP = '''
import click
from nba.errors import InputError

@click.command()
def done():
    click.echo("done")

@click.command()
def no():
    return 1

@click.command()
@click.pass_context
def exit_no(ctx):
    ctx.exit(1)

@click.command()
@click.option("--days", type=int, required=True)
def bad(days):
    raise InputError(f"days is {days};\\n use a number above zero")

@click.command()
def absent_file():
    raise click.FileError("x.toml", "not there")

@click.command()
def bug():
    1 / 0

@click.command()
def stop():
    raise KeyboardInterrupt

@click.command()
def late():
    import a_library_that_nobody_has

@click.group()
def family():
    """Two in one."""

family.add_command(no, "no")
'''
ABSENT = "a_library_that_nobody_has"
INSTALL = "run: pip install 'nba-engine"
NAMES = ("done", "no", "exit_no", "bad", "absent_file", "bug", "stop", "late", "family")
TABLE = {name: Entry(f"shop:{name}", f"Help of {name}.", "train") for name in NAMES}
TABLE["early"] = Entry("closed_shop:any", "Needs an absent library.", "serve")
TABLE["typo"] = Entry("nba.no_such_module:any", "A mistake of ours.", "serve")


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "closed_shop.py").write_text("import a_library_that_nobody_has.part\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "shop", raising=False)


def test_help_lists_every_line_without_loading_a_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--help"], table=TABLE) == 0
    out = capsys.readouterr().out
    assert all(entry.help in out for entry in TABLE.values())
    assert "shop" not in sys.modules


def test_the_version_is_the_one_in_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"nba {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["done"], 0),
        (["no"], 1),
        (["exit_no"], 1),
        (["family", "no"], 1),
        (["bad", "--days", "0"], 2),
        (["absent_file"], 2),
        (["stop"], 130),
        ([], 2),
    ],
)
def test_the_exit_code_says_how_it_ended(arguments: list[str], code: int) -> None:
    assert main(arguments, table=TABLE) == code


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["dnoe"], "error: No such command 'dnoe'; did you mean 'done'? See `nba --help`."),
        (["bad", "--days", "0"], "error: days is 0; use a number above zero"),
        (["bad"], "error: Missing option '--days'. See `nba bad --help`."),
        (
            ["bad", "--days", "x"],
            "error: Invalid value for '--days': 'x' is not a valid integer. See `nba bad --help`.",
        ),
        (["family", "yes"], "error: No such command 'yes'. See `nba family --help`."),
        (["absent_file"], "error: Could not open file 'x.toml': not there"),
        (["stop"], "interrupted"),
        (
            ["early"],
            f"error: `nba early` needs {ABSENT}, which is not installed; {INSTALL}[serve]'",
        ),
        (
            ["late"],
            f"error: `nba late` needs {ABSENT}, which is not installed; {INSTALL}[train]'",
        ),
    ],
)
def test_what_a_user_can_mend_is_one_line_on_stderr(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(arguments, table=TABLE)
    captured = capsys.readouterr()
    assert captured.err == line + "\n"
    assert captured.out == ""


def test_a_name_like_no_other_is_answered_with_all_of_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["xyzzy"]) == 2
    assert ", ".join(COMMANDS) in capsys.readouterr().err


def test_a_bug_of_ours_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        main(["bug"], table=TABLE)


def test_a_missing_module_of_ours_is_no_missing_extra() -> None:
    with pytest.raises(ModuleNotFoundError):
        main(["typo"], table=TABLE)


def test_a_reader_that_left_is_no_error() -> None:
    code = "import sys; from nba.cli import main; sys.exit(main())"
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-c", code, "--help"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


def test_every_target_is_a_module_and_a_name_of_ours() -> None:
    root = Path(__file__).parents[2]
    for entry in COMMANDS.values():
        module, _, name = entry.target.partition(":")
        assert (root / module.replace(".", "/")).with_suffix(".py").exists(), entry
        assert name.isidentifier()
        assert entry.help.endswith(".")
