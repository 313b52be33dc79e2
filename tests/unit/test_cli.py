"""The command line: every command is there, speaks JSON, and ends with the exit code of what happened."""

from __future__ import annotations

import click
import pytest

from migrator import __version__, cli
from migrator.cli import output
from migrator.errors import BadVersion, MigratorError, SchemaLocked, UnknownDatabase


def leaves(command: click.Command, name: str):
    if not isinstance(command, click.Group):
        yield name, command
        return
    for part in command.list_commands(click.Context(command)):
        yield from leaves(command.get_command(click.Context(command), part), f"{name} {part}")


COMMANDS = dict(leaves(cli.cli, "migrator"))
every_command = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
SPEAKS_TO_PEOPLE = {
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
def test_choices_are_typed_as_they_are_stored(command):
    choices = [parameter.type.choices for parameter in command.params if isinstance(parameter.type, click.Choice)]
    assert {type(choice) for found in choices for choice in found} <= {str}  # of an enum, click takes the member's name


def test_an_unknown_command_is_bad_usage(monkeypatch, capsys):
    assert ended(monkeypatch, "migrat") == 2
    assert "No such command 'migrat'" in capsys.readouterr().err


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
