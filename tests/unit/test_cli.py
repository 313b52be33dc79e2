"""The command line: every command is there, speaks JSON, and ends with the exit code of what happened."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from types import SimpleNamespace

import click
import pytest
from rich.console import Console

from migrator import __version__, cli
from migrator.cli import output
from migrator.cli.hints import hint_for_error
from migrator.cli.summaries import SUMMARIES
from migrator.errors import BadVersion, MigratorError, SchemaLocked, UnknownDatabase, UnknownTargets


def leaves(command: click.Command, name: str):
    if not isinstance(command, click.Group):
        yield name, command
        return
    for part in command.list_commands(click.Context(command)):
        yield from leaves(command.get_command(click.Context(command), part), f"{name} {part}")


COMMANDS = dict(leaves(cli.cli, "migrator"))
COMMANDS_AND_GROUPS = {f"migrator {name}": cli.cli.get_command(click.Context(cli.cli), name) for name in cli.COMMANDS}
every_command = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
SPEAKS_TO_PEOPLE = {
    "migrator completion",
    "migrator dashboard",
    "migrator demo",
    "migrator local down",
    "migrator local env",
    "migrator local up",
}
"""These run something in the foreground, or print for a shell."""


def ended(monkeypatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["migrator", *arguments])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return caught.value.code


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_a_command_of_the_table_is_the_command_of_that_name(name):
    assert cli.cli.get_command(click.Context(cli.cli), name).name == name


@every_command
def test_a_command_says_what_it_does(command):
    assert command.help


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - SPEAKS_TO_PEOPLE))
def test_a_command_speaks_json(name):
    assert "--json" in [option for parameter in COMMANDS[name].params for option in parameter.opts]


@every_command
def test_a_command_has_an_example_that_names_it(command):
    (name,) = [name for name, found in COMMANDS.items() if found is command]
    assert "Example: " in command.help
    assert name in " ".join(command.help.split())


@every_command
def test_every_option_says_what_it_means(command):
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    assert [option.opts for option in options if not option.help] == []


ONE_MEANING = ("--json", "--yes", "--dry-run", "--detach", "--force", "--lanes", "--store", "--label", "--most")


@pytest.mark.parametrize("name", ONE_MEANING)
def test_an_option_is_of_one_kind_wherever_it_is(name):
    options = [option for command in COMMANDS.values() for option in command.params if name in option.opts]
    assert len({(type(option.type), option.multiple, option.is_flag) for option in options}) == 1


def test_what_destroys_asks_first():
    destroying = ("snapshot restore", "snapshot expire", "schema snapshot restore", "schema snapshot expire")
    for name in (*destroying, "schema snapshot drop-aside", "repair", "baseline"):
        assert "--yes" in [opt for option in COMMANDS[f"migrator {name}"].params for opt in option.opts], name


@every_command
def test_choices_are_typed_as_they_are_stored(command):
    choices = [parameter.type.choices for parameter in command.params if isinstance(parameter.type, click.Choice)]
    assert {type(choice) for found in choices for choice in found} <= {str}  # of an enum, click takes the member's name


def test_an_unknown_command_is_bad_usage(monkeypatch, capsys):
    assert ended(monkeypatch, "migrat") == 2
    said = capsys.readouterr().err
    assert "No such command 'migrat'" in said
    assert "Did you mean migrate?" in said


def test_a_word_that_is_no_choice_is_told_the_one_that_is_like_it(monkeypatch, capsys):
    assert ended(monkeypatch, "migrate", "--scope", "tenent") == 2
    assert "Did you mean tenant?" in capsys.readouterr().err


def test_what_a_command_does_is_known_without_importing_it():
    for name, group in (("migrator", cli.cli), ("migrator schema", COMMANDS_AND_GROUPS["migrator schema"])):
        context = click.Context(group)
        for part in group.list_commands(context):
            first = " ".join(group.get_command(context, part).help.split("\n\n")[0].split()).partition(". ")[0]
            assert SUMMARIES[name][part] == first, f"'make docs' writes {name} {part}"


HEAVY = ("celery", "kombu", "sqlalchemy", "pglast", "pydantic", "psycopg2", "rich", "structlog", "fsspec", "redis")
SCRIPT = """
import sys
from migrator.cli import main
try:
    main()
finally:
    print([name for name in {heavy} if name in sys.modules], file=sys.stderr)
"""


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["completion", "fish"], ["schema", "--help"], ["nonsense"]], ids=" ".join
)
def test_what_needs_no_command_imports_nothing_heavy(words):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(heavy=HEAVY), *words], capture_output=True, text=True, check=False
    )
    assert done.stderr.strip().splitlines()[-1] == "[]"


def test_completion_of_a_command_imports_nothing_heavy():
    words = {"_MIGRATOR_COMPLETE": "bash_complete", "COMP_WORDS": "migrator mi", "COMP_CWORD": "1"}
    command = [sys.executable, "-c", SCRIPT.format(heavy=HEAVY)]
    done = subprocess.run(command, env={**os.environ, **words}, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr.strip()) == ("plain,migrate\n", "[]")


def test_help_takes_no_more_than_a_few_times_what_click_takes():
    def seconds(*arguments):
        before = os.times()
        subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    ours = min(seconds("-m", "migrator.cli", "--help") for _ in range(5))
    theirs = min(seconds("-c", "import click") for _ in range(5))
    assert ours <= 3 * theirs + 0.05


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_names_our_program(monkeypatch, capsys, shell):
    ended(monkeypatch, "completion", shell)
    assert "_MIGRATOR_COMPLETE" in capsys.readouterr().out


def test_a_question_that_is_answered_with_no_is_no_interruption_of_work(monkeypatch, capsys):
    def fail(**_):
        raise click.Abort

    monkeypatch.setattr(cli.cli, "main", fail)
    ended(monkeypatch)
    assert capsys.readouterr().err == "nothing was done\n"


def test_a_name_that_is_not_registered_is_told_the_one_that_is_like_it(monkeypatch):
    known = {"database": ["eu-1", "us-1"], "tenant": ["7", "acme"]}
    monkeypatch.setattr("migrator.fleet.facts.names", lambda _, kind: known[kind])
    monkeypatch.setattr("migrator.cli.control.store", lambda: SimpleNamespace(begin=contextlib.nullcontext))
    assert hint_for_error(UnknownDatabase(database="eu1")) == "Did you mean eu-1?"
    assert hint_for_error(UnknownTargets(kind="tenant", names="acne")) == "Did you mean acme?"
    assert hint_for_error(BadVersion(text="x")) == ""


@pytest.mark.parametrize("width", [80, 100])
def test_a_table_fits_the_terminal_and_loses_nothing(width):
    id_, long = "6f9c2a1e-0000-4000-8000-000000000000", "a sentence that is a good deal longer than what fits here"
    console = Console(width=width, file=io.StringIO())
    console.print(output.table_of(("id", "state", "total", "requested_by", "error"), [(id_, "halted", 7, long, long)]))
    said = console.file.getvalue()
    assert max(map(len, said.splitlines())) <= width
    assert id_ in said
    assert "".join(said.split()).count("deal") + "".join(said.split()).count("good") >= 2


def test_an_unknown_option_is_bad_usage(monkeypatch, capsys):
    assert ended(monkeypatch, "status", "--jsom") == 2
    assert "--jsom" in capsys.readouterr().err


def test_the_version_is_said(monkeypatch, capsys):
    assert ended(monkeypatch, "--version") == 0
    assert __version__ in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MigratorError(reason="it broke"), 1),
        (BadVersion(text="x"), 2),
        (UnknownDatabase(database="eu-1"), 2),
        (SchemaLocked(schema="s", database="d", holder="h", since="now"), 3),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (click.UsageError("no"), 2),
    ],
)
def test_what_went_wrong_is_one_sentence_on_stderr_and_an_exit_code(monkeypatch, capsys, error, code):
    def fail(**_):
        raise error

    monkeypatch.setattr(cli.cli, "main", fail)
    assert ended(monkeypatch) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.strip()
    if isinstance(error, MigratorError):
        assert said.err == f"error: {error}\n"


@pytest.mark.parametrize(("statement", "said"), [("SELECT\n  1/0", "  SELECT\n"), ("", ""), ("it broke", "")])
def test_a_refused_statement_is_shown_under_its_sentence(monkeypatch, capsys, statement, said):
    def fail(**_):
        raise MigratorError(reason="it broke", statement=statement)

    monkeypatch.setattr(cli.cli, "main", fail)
    ended(monkeypatch)
    assert capsys.readouterr().err == f"error: it broke\n{said}"


def test_a_folder_that_is_not_there_ends_without_a_connection(monkeypatch, capsys, tmp_path):
    options = ["--url", "postgresql://localhost/db", "--schema", "s", "--folder", str(tmp_path / "absent")]
    assert ended(monkeypatch, "schema", "up", *options) == 2
    assert "there is no migration folder" in capsys.readouterr().err


def test_a_table_is_a_list_of_objects_for_programs(capsys):
    output.say_table(True, ("id", "lanes"), [("eu-1", 4), ("us-1", None)], "none")
    assert capsys.readouterr().out == (
        '[\n  {\n    "id": "eu-1",\n    "lanes": 4\n  },\n  {\n    "id": "us-1",\n    "lanes": null\n  }\n]\n'
    )


def test_an_empty_table_is_a_sentence_for_people_and_an_empty_list_for_programs(capsys):
    output.say_table(False, ("id",), [], "no database is registered")
    assert capsys.readouterr().out.strip() == "no database is registered"
    output.say_table(True, ("id",), [], "no database is registered")
    assert capsys.readouterr().out == "[]\n"


@pytest.mark.parametrize("message", ["array[1] of [bold]text[/bold]", "no such path [/srv/migrations]"])
def test_brackets_in_a_cell_are_shown_as_they_are(capsys, message):
    output.say_table(False, ("id", "message"), [("e1", message)], "none")
    assert message in capsys.readouterr().out
