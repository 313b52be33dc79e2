"""What is refused, through the command line: file, line and statement are named, and the schema is as it was."""

from __future__ import annotations

import pytest

from migrator import cli

GOOD = "CREATE TABLE item (id int PRIMARY KEY);\nINSERT INTO item VALUES (1);\n"

REFUSED = {
    r"\i other.sql": (r"\i other.sql", "reads another file"),
    r"\ir other.sql": (r"\ir other.sql", "reads another file"),
    r"\copy item from program 'ls'": (r"\copy item from program 'ls'", "on the machine of its user"),
    r"\! ls": (r"\! ls", "runs something on the machine"),
    r"\o /tmp/x": (r"\o /tmp/x", "writes a file"),
    r"\set x 1": (r"\set x 1", "psql's variables"),
    r"\connect other": (r"\connect other", "changes the connection"),
    r"\if true": (r"\if true", "chooses what is run"),
    "SELECT 'DROP TABLE item' \\gexec": ("\\gexec", "in a way of its own"),
    "COPY item FROM PROGRAM 'ls';": ("COPY item FROM PROGRAM 'ls'", "runs no programs on the database server"),
    "COPY item FROM '/etc/passwd';": ("COPY item FROM '/etc/passwd'", "reads a file of the database server"),
    "COPY item TO STDOUT;": ("COPY item TO STDOUT", "there is none to read them"),
    "CREATE TABLE public.item (id int);": ("CREATE TABLE public.item", "schema public, which is not the tenant's"),
    "DELETE FROM other.item;": ("DELETE FROM other.item", "schema other, which is not the tenant's"),
    "DROP TABLE IF EXISTS public.item;": ("DROP TABLE IF EXISTS public.item", "schema public"),
    "SELECT * FROM other.item;": ("SELECT * FROM other.item", "neither the tenant's nor shared"),
    "ALTER TABLE item SET SCHEMA public;": ("ALTER TABLE item SET SCHEMA public", "schema public"),
    "SET search_path TO other;": ("SET search_path TO other", "it changes search_path"),
    "SELECT set_config('search_path', '', false);": ("set_config('search_path'", "it changes search_path"),
    "ROLLBACK;": ("ROLLBACK", "takes back what stands before it"),
    "PREPARE TRANSACTION 'x';": ("PREPARE TRANSACTION 'x'", "prepared for later"),
    "COMMIT PREPARED 'x';": ("COMMIT PREPARED 'x'", "prepared for later"),
    "BEGIN ISOLATION LEVEL SERIALIZABLE;": ("BEGIN ISOLATION LEVEL SERIALIZABLE", "READ COMMITTED"),
    "BEGIN; CREATE INDEX CONCURRENTLY i ON item (id); COMMIT;": ("CREATE INDEX CONCURRENTLY", "inside the transaction"),
}
"""What stands in a file, to what the message quotes of it and says about it. Exit code 2: the file is wrong."""

FAILED = {
    "ALTER TABLE item ADD nobody nothing;": ("ALTER TABLE item ADD nobody nothing", "42704"),
    "INSERT INTO item VALUES (1);": ("INSERT INTO item VALUES (1)", "23505"),
    "CREATE TABEL x ();": ("CREATE TABEL x ()", "42601"),
    "DO $$ BEGIN COMMIT; END $$;": ("DO $$ BEGIN COMMIT; END $$", "2D000"),
    "SELECT 1/0;": ("SELECT 1/0", "22012"),
}
"""What the server refuses. Exit code 1."""

MISTAKES = {
    "V1__twice.sql": "version 1 is claimed by two files",
    "V2_x.sql": "V2_x.sql is no migration: its name does not follow the convention",
    "U2__x.sql": "U2__x.sql takes back a migration that is not in the folder",
    "V2__x.py": "V2__x.py:1: it has no function apply",
}
"""Files that should not be there at all. Exit code 2."""


@pytest.fixture
def contents(ask, schema):
    """Relations, columns, rows and the history with its mark, of the test's schema."""

    def look():
        columns = "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = %s"
        names = "SELECT relname, relkind::text FROM pg_class WHERE relnamespace = %s::regnamespace ORDER BY 1"
        history = f"""SELECT h::text, obj_description('{schema}.flyway_schema_history'::regclass)
            FROM {schema}.flyway_schema_history AS h"""
        return (
            sorted(ask(columns, schema)),
            ask(names, schema),
            ask(history),
            ask(f"SELECT * FROM {schema}.item ORDER BY 1"),
        )

    return look


@pytest.fixture
def up(server, database, schema, tmp_path, monkeypatch, capsys):
    """Types ``migrator schema up`` with these files added to the folder; exit code and what it said on stderr."""
    monkeypatch.setenv("PGPASSFILE", str(server.passfile))

    def typed(files, name=schema):
        for file, text in files.items():
            (tmp_path / file).write_text(text)
        where = ["--url", server.url(database.name), "--schema", name, "--folder", str(tmp_path)]
        monkeypatch.setattr("sys.argv", ["migrator", "schema", "up", *where])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        return caught.value.code, capsys.readouterr().err

    return typed


def is_left_alone(up, contents, ask, schema, files):
    """What the command says about files that are refused; a schema that is there stays, a new one is not made."""
    assert up({"V1__good.sql": GOOD}) == (0, "")
    before = contents()
    code, said = up(files)
    assert contents() == before
    assert up({}, f"{schema}_new") == (code, said.replace(f"schema {schema}", f"schema {schema}_new"))
    assert ask("SELECT to_regnamespace(%s)", f"{schema}_new") == [(None,)]
    return code, said


@pytest.mark.parametrize("sql", REFUSED)
def test_a_refused_statement_is_named_with_its_place(up, contents, ask, schema, sql):
    quoted, reason = REFUSED[sql]
    code, said = is_left_alone(up, contents, ask, schema, {"V2__bad.sql": f"CREATE TABLE more ();\n\n{sql}\n"})
    assert code == 2
    assert "V2__bad.sql:3: " in said
    assert reason in said
    assert quoted in said


@pytest.mark.parametrize("sql", FAILED)
def test_a_statement_that_the_server_refuses_is_named_with_its_place(up, contents, ask, schema, sql):
    quoted, sqlstate = FAILED[sql]
    code, said = is_left_alone(up, contents, ask, schema, {"V2__bad.sql": f"CREATE TABLE more ();\n\n{sql}\n"})
    assert code == 1
    assert f"V2__bad.sql:3 failed in schema {schema} with SQLSTATE {sqlstate}: " in said
    assert "the schema is as it was before" in said
    assert quoted in said


@pytest.mark.parametrize("file", MISTAKES)
def test_a_file_that_does_not_belong_there_is_named(up, contents, ask, schema, file):
    code, said = is_left_alone(up, contents, ask, schema, {file: ""})
    assert (code, MISTAKES[file] in said) == (2, True)


def test_a_placeholder_without_a_value_is_named_with_its_place(up, contents, ask, schema):
    files = {"folder.toml": "placeholders = true", "V2__bad.sql": "SELECT 1;\nSELECT '${nobody}';\n"}
    code, said = is_left_alone(up, contents, ask, schema, files)
    assert (code, "V2__bad.sql:2: ${nobody} has no value" in said) == (2, True)


def test_a_tenants_value_that_is_missing_is_named(up, contents, ask, schema):
    files = {"folder.toml": "placeholders = true", "V2__bad.sql": "CREATE TABLE more ();\nSELECT '${tenant_id}';\n"}
    code, said = is_left_alone(up, contents, ask, schema, files)
    assert (code, f"${{tenant_id}} cannot be filled in for schema {schema}" in said) == (2, True)
