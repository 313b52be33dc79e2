"""Folders as real projects have them, applied, validated and linted with the commands that a person types."""

from __future__ import annotations

import json

import pytest

from migrator import cli
from tests.folders import REFUSED, SAMPLES

every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)


@pytest.fixture
def command(monkeypatch, capsys):
    """What a command ends with and what it says to a program."""

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["migrator", *map(str, arguments), "--json"])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return ended.value.code, json.loads(said.out) if said.out else said.err

    return run


@pytest.fixture
def place(server, database):
    return ["--url", server.url(database.name)]


@every_sample
def test_a_folder_is_applied_as_it_is_and_validates(command, place, schema, ask, sample):
    for name in (schema, f"{schema}_b"):
        where = [*place, "--schema", name, "--folder", sample.path]
        assert command("schema", "up", *where)[1]["applied"] == sample.applied
        code, document = command("schema", "validate", *where)
        assert (code, document["valid"], document["findings"]) == (0, True, [])
        relations = [f"{name}.{relation}" for relation in sample.relations]
        assert ask("SELECT r FROM unnest(%s) r WHERE to_regclass(r) IS NULL", relations) == []
        assert command("schema", "up", *where)[1]["applied"] == []


@every_sample
def test_two_schemas_of_one_folder_have_the_same_rows_in_every_table(command, place, schema, ask, sample):
    counted = []
    for name in (schema, f"{schema}_b"):
        command("schema", "up", *place, "--schema", name, "--folder", sample.path)
        tables = ask("SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY 1", name)
        counted.append([(table, ask(f'SELECT count(*) FROM {name}."{table}"')) for (table,) in tables])
    assert counted[0] == counted[1] != []


@pytest.mark.parametrize("sample", [*SAMPLES, REFUSED], ids=lambda sample: sample.name)
def test_lint_tells_a_program_what_it_found(command, sample):
    code, document = command("lint", sample.path, "--scope", "tenant")
    errors = [finding for finding in document["findings"] if finding["severity"] == "error"]
    assert len(document["findings"]) == len(sample.findings)
    assert (document["errors"], code) == (len(errors), 1 if errors else 0)


def test_a_file_that_was_edited_after_it_was_applied_is_found(command, place, schema, tmp_path):
    (tmp_path / "V1__a.sql").write_text("CREATE TABLE a (id int);\n")
    where = [*place, "--schema", schema]
    command("schema", "up", *where, "--folder", tmp_path)
    assert command("lint", tmp_path, *where)[0] == 0
    (tmp_path / "V1__a.sql").write_text("CREATE TABLE a (id bigint);\n")
    code, document = command("lint", tmp_path, *where)
    (finding,) = document["findings"]
    assert (code, document["compared"], finding["rule"]) == (1, 1, "changed-after-applied")
    assert schema in finding["sentence"]
