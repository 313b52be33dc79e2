"""What files written for other runners hold: transactions of their own, rows, extensions, names of other schemas."""

from __future__ import annotations

import subprocess

import pytest

from migrator.errors import MigrationFailed, RefusedStatement, StepFailed, UnfilledSlot
from migrator.folder import read_folder
from migrator.model.target import Scope
from migrator.schema.engine import Engine

TABLE = "CREATE TABLE item (id int, name text);\n"


@pytest.fixture
def write(tmp_path):
    """Writes files into a folder that is read as a tenant's."""

    def folder(files):
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(content)
        return read_folder(tmp_path, scope=Scope.TENANT)

    return folder


@pytest.fixture
def up(write, session, schema):
    return lambda files, **options: Engine(write(files)).migrate(session, schema, **options)


@pytest.fixture
def rows(ask, schema):
    return lambda table="item": ask(f"SELECT * FROM {schema}.{table} ORDER BY 1")


@pytest.fixture
def recorded(ask, schema):
    def scripts():
        if ask("SELECT to_regclass(%s) IS NULL", f"{schema}.flyway_schema_history")[0][0]:
            return []
        return [
            script for (script,) in ask(f"SELECT script FROM {schema}.flyway_schema_history ORDER BY installed_rank")
        ]

    return scripts


def test_a_file_in_one_transaction_of_its_own_runs_in_ours(up, rows, recorded):
    with pytest.raises(MigrationFailed):
        up({"V1__a.sql": f"BEGIN;\n{TABLE}COMMIT;\n", "V2__b.sql": "SELECT 1/0"})
    assert recorded() == []
    up({"V2__b.sql": "SELECT 1"})
    assert (rows(), recorded()) == ([], ["V1__a.sql", "V2__b.sql"])


def test_a_file_that_commits_in_the_middle_keeps_what_stands_before(up, rows, recorded):
    file = f"{TABLE}INSERT INTO item VALUES (1);\nCOMMIT;\nVACUUM item;\nBEGIN;\nINSERT INTO item VALUES (2), (3/0);\n"
    with pytest.raises(MigrationFailed, match=r"V1__a\.sql:6 .* the statements before it in this file stay applied"):
        up({"V1__a.sql": file})
    assert (rows(), recorded()) == ([(1, None)], [])
    with pytest.raises(MigrationFailed, match=r"V1__a\.sql:6"):
        up({"V1__a.sql": file})
    assert rows() == [(1, None)]


def test_a_file_that_failed_behind_its_commit_goes_on_there(up, rows, recorded):
    file = (
        f"{TABLE}INSERT INTO item VALUES (1);\nCOMMIT;\nVACUUM item;\nBEGIN;\nINSERT INTO item SELECT id FROM later;\n"
    )
    with pytest.raises(MigrationFailed):
        up({"V1__a.sql": file})
    later = file.replace("SELECT id FROM later", "VALUES (2)")
    assert up({"V1__a.sql": later}).applied == ("V1__a.sql",)
    assert (rows(), recorded()) == ([(1, None), (2, None)], ["V1__a.sql"])


def test_the_rows_of_a_copy_are_loaded(up, rows):
    up({"V1__a.sql": TABLE + "COPY item FROM stdin;\n1\tone\n2\t\\N\n\\.\nINSERT INTO item VALUES (3);"})
    assert rows() == [(1, "one"), (2, None), (3, None)]


def test_bad_rows_take_the_whole_file_back(up, recorded, ask, schema):
    with pytest.raises(MigrationFailed, match=r"V1__a\.sql:2 .*22P02"):
        up({"V1__a.sql": TABLE + "COPY item FROM stdin;\nx\tone\n\\.\n"})
    assert (recorded(), ask("SELECT to_regclass(%s)", f"{schema}.item")) == ([], [(None,)])


@pytest.mark.parametrize("line", [r"\i other.sql", r"\copy item from program 'ls'", r"\! ls", r"\connect other"])
def test_commands_of_psql_are_refused_before_anything_is_touched(up, ask, schema, line):
    with pytest.raises(RefusedStatement, match=r"V2__b\.sql:2: a psql command"):
        up({"V1__a.sql": TABLE, "V2__b.sql": f"SELECT 1;\n{line}\n"})
    assert ask("SELECT to_regnamespace(%s)", schema) == [(None,)]


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE public.item ()",
        "INSERT INTO app.item VALUES (1)",
        "SELECT 1 FROM tenant_b.item",
        "SET search_path TO app",
        "SELECT pg_catalog.set_config('search_path', '', false)",
        "ALTER TABLE item SET SCHEMA app",
        "DROP TABLE IF EXISTS public.item",
    ],
)
def test_a_tenant_script_that_leaves_the_tenants_schema_is_refused_with_its_line(up, ask, schema, sql):
    with pytest.raises(RefusedStatement, match=r"V2__b\.sql:2: it (changes|refers)"):
        up({"V1__a.sql": TABLE, "V2__b.sql": f"SELECT 1;\n{sql};\n"})
    assert ask("SELECT to_regnamespace(%s)", schema) == [(None,)]


def test_a_tenant_script_may_refer_to_what_is_shared(up, ask):
    ask("CREATE TABLE IF NOT EXISTS public.country (code text PRIMARY KEY)")
    assert up({"V1__a.sql": "CREATE TABLE item (country text REFERENCES public.country)"}).applied


def test_a_folder_may_allow_another_schema(up, ask):
    ask("CREATE SCHEMA IF NOT EXISTS app")
    up({"folder.toml": 'allow_schemas = ["app"]', "V1__a.sql": "CREATE TABLE IF NOT EXISTS app.item ()"})
    assert ask("SELECT to_regclass('app.item') IS NOT NULL") == [(True,)]


def test_a_dump_is_rewritten_for_each_schema(server, write, session, schema, query, new_database, tmp_path):
    source = new_database()
    query(
        source,
        "CREATE TYPE public.mood AS ENUM ('good'); CREATE TABLE public.item (id serial PRIMARY KEY, mood public.mood);"
        "CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.item DEFAULT VALUES;"
        " RETURN NULL; END'; CREATE TABLE public.log (item int REFERENCES public.item);"
        "CREATE TRIGGER t AFTER INSERT ON public.log EXECUTE FUNCTION public.f();"
        "INSERT INTO public.item (mood) VALUES ('good'), (NULL)",
    )
    dump = subprocess.run(
        [server.bin / "pg_dump", "--no-owner", server.url(source)],
        capture_output=True,
        text=True,
        check=True,
        env={"PGPASSFILE": str(server.passfile)},
    ).stdout
    folder = write({"folder.toml": 'rewrite_schemas = ["public"]', "V1__dump.sql": dump})
    for name in (schema, f"{schema}_b"):
        Engine(folder).migrate(session, name)
        assert session.rows(f"SELECT id, mood::text FROM {name}.item ORDER BY 1") == [(1, "good"), (2, None)]
        session.run(f"INSERT INTO {name}.log VALUES (1)")
        assert session.rows(f"SELECT count(*), max(id) FROM {name}.item") == [(3, 3)]
    assert session.rows("SELECT to_regclass('public.log'), to_regtype('public.mood')") == [(None, None)]


def test_an_extension_is_made_once_where_all_tenants_find_it(write, session, schema, ask):
    folder = write({"V1__a.sql": "CREATE EXTENSION citext;\nCREATE TABLE item (name citext);\n"})
    for name in (schema, f"{schema}_b"):
        Engine(folder).migrate(session, name)
    [(home,)] = ask("SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'citext'")
    assert home == "public"


def test_placeholders_are_filled_for_each_schema(write, session, schema):
    options = '[placeholders]\nlimit = "10"\n":SCHEMA" = "${schema}"\n'
    sql = (
        "CREATE TABLE ${schema}.item (id int CHECK (id < ${limit}), name text);\n"
        "INSERT INTO :SCHEMA.item VALUES (1, '${tenant_id}'), (2, '${database}');\n"
    )
    folder = write({"folder.toml": options, "V1__a.sql": sql})
    for name, tenant in ((schema, "acme"), (f"{schema}_b", "b-1")):
        Engine(folder).migrate(session, name, tenant)
        found = session.rows(f"SELECT name FROM {name}.item ORDER BY id")
        assert found == [(tenant,), (session.connection.info.dbname,)]


@pytest.mark.parametrize("tenant", [None, "it's", "a;b", "x--y"])
def test_a_value_that_is_missing_or_not_harmless_is_refused(up, ask, schema, tenant):
    with pytest.raises(UnfilledSlot, match=r"\$\{tenant_id\} cannot be filled in"):
        up({"folder.toml": "placeholders = true", "V1__a.sql": "SELECT '${tenant_id}'"}, tenant_id=tenant)
    assert ask("SELECT to_regnamespace(%s)", schema) == [(None,)]


def test_a_dollar_and_brace_is_nobodys_placeholder_unless_switched_on(up, rows):
    up({"V1__a.sql": TABLE + "INSERT INTO item VALUES (1, '${schema}')"})
    assert rows() == [(1, "${schema}")]


def test_an_error_in_a_filled_script_has_its_line(up):
    with pytest.raises(MigrationFailed, match=r"V1__a\.sql:3 "):
        up({"folder.toml": "placeholders = true", "V1__a.sql": "SELECT 1;\nSELECT '${schema}';\nSELECT ${schema};"})


STEP = "def apply(connection):\n    with connection.cursor() as cursor:\n        cursor.execute({sql!r})\n"


def test_a_step_may_be_code(up, rows, ask, schema):
    up({"V1__a.sql": TABLE, "V2__b.py": STEP.format(sql="INSERT INTO item VALUES (7)")})
    assert rows() == [(7, None)]
    assert ask(f"SELECT version, type, script FROM {schema}.flyway_schema_history ORDER BY 1") == [
        ("1", "SQL", "V1__a.sql"),
        ("2", "SCRIPT", "V2__b.py"),
    ]


def test_a_step_that_the_server_refuses_takes_everything_back(up, recorded):
    with pytest.raises(MigrationFailed, match=r"V2__b\.py:3 .*42P01.* the schema is as it was before"):
        up({"V1__a.sql": TABLE, "V2__b.py": STEP.format(sql="INSERT INTO nothing VALUES (7)")})
    assert recorded() == []


def test_a_step_that_raises_takes_everything_back(up, recorded):
    with pytest.raises(StepFailed, match=r"V2__b\.py:2 failed .* ValueError: no; the schema is as it was before"):
        up({"V1__a.sql": TABLE, "V2__b.py": "def apply(connection):\n    raise ValueError('no')\n"})
    assert recorded() == []


def test_a_step_cannot_commit_without_being_found_out(up, recorded):
    with pytest.raises(StepFailed, match="it ended the transaction that it was given"):
        up({"V1__a.sql": TABLE, "V2__b.py": STEP.format(sql="COMMIT")})
    assert recorded() == []


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE IF NOT EXISTS item ()",
        "UPDATE item SET id = 2 WHERE id = 99",
        "DO $$ BEGIN IF EXISTS (SELECT FROM item) THEN CREATE TABLE x (); END IF; END $$",
        "SELECT 1",
        "DROP TABLE IF EXISTS nothing",
    ],
)
def test_a_migration_that_changes_nothing_is_reported(up, sql):
    assert up({"V1__a.sql": TABLE, "V2__b.sql": sql, "V3__c.sql": "CREATE TABLE c ()"}).without_effect == ("V2__b.sql",)


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO item VALUES (1)",
        "COMMENT ON TABLE item IS 'x'",
        "ALTER TABLE item SET (fillfactor = 50)",
        "CREATE INDEX ON item (id)",
        "GRANT SELECT ON item TO PUBLIC",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TYPE mood AS ENUM ('a')",
        "DO $$ BEGIN INSERT INTO item VALUES (1); END $$",
        "ALTER TABLE item ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY p ON item USING (true)",
    ],
)
def test_a_migration_that_changes_something_is_not(up, sql):
    assert up({"V1__a.sql": TABLE, "V2__b.sql": sql}).without_effect == ()
    assert up({"V3__c.sql": "-- nothing\n"}).without_effect == ()


def test_two_folders_may_serve_one_target(write, session, schema, tmp_path):
    (tmp_path / "common").mkdir()
    (tmp_path / "common" / "V2__b.sql").write_text("CREATE TABLE b ()")
    folder = write({"own/folder.toml": 'also = ["../common"]', "own/V1__a.sql": TABLE, "own/V3__c.sql": "SELECT 1"})
    assert folder.path == tmp_path
    read = read_folder(tmp_path / "own")
    assert Engine(read).migrate(session, schema).applied == ("V1__a.sql", "V2__b.sql", "V3__c.sql")
