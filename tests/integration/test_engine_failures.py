"""A statement that fails leaves the schema as it was, and the error says which one it was."""

from __future__ import annotations

import pytest

from migrator.errors import MigrationFailed, SchemaRefused, TransientError
from migrator.schema.engine import Engine
from migrator.schema.rules import Rules
from migrator.schema.session import open_url

GOOD = "CREATE TABLE customer (id int PRIMARY KEY);\n"
PARENT_AND_CHILD = """CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (parent int REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
INSERT INTO child VALUES (7);
"""


@pytest.fixture
def failure(session, schema, folder):
    """What the engine raises for files, and leaves the session usable."""

    def migrate(files, **rules):
        with pytest.raises(MigrationFailed) as caught:
            Engine(folder(files), Rules(**rules)).migrate(session, schema)
        assert session.rows("SELECT 1") == [(1,)]
        return caught.value

    return migrate


@pytest.fixture
def contents(ask, schema):
    """Everything in the schema: relations, columns, rows of history, the mark."""

    def read():
        columns = "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = %s"
        rows = ask(
            f"SELECT *, obj_description('{schema}.flyway_schema_history'::regclass) FROM {schema}.flyway_schema_history"
        )
        return sorted(ask(columns, schema)), rows

    return read


def test_a_new_tenant_leaves_no_schema_behind(failure, schema, ask):
    failure({"V1__good.sql": GOOD, "V2__bad.sql": "CREATE TABLE orders (customer int REFERENCES nobody)"})
    assert ask("SELECT to_regnamespace(%s)", schema) == [(None,)]


def test_an_old_schema_stays_as_it_was(failure, session, schema, folder, contents):
    Engine(folder({"V1__good.sql": GOOD})).migrate(session, schema)
    before = contents()
    failure({"V2__also_good.sql": "ALTER TABLE customer ADD name text", "V3__bad.sql": "SELECT 1/0"})
    assert contents() == before


def test_the_rest_is_applied_once_the_file_is_mended(failure, session, schema, folder):
    failure({"V1__good.sql": GOOD, "V2__bad.sql": "SELECT 1/0"})
    assert Engine(folder({"V2__bad.sql": "SELECT 1/1"})).migrate(session, schema).to_version == "2"


@pytest.mark.parametrize(
    ("sql", "line", "sqlstate", "statement"),
    [
        ("-- why\n\nCREATE TABL orders ();\n", 3, "42601", "CREATE TABL orders ()"),
        ("SELECT 1;\n\nSELECT\n  1,\n  nobody;\nSELECT 2;", 5, "42703", "SELECT\n  1,\n  nobody"),
        ("SELECT 'größe 漢字 🐘';\n-- é\nSELECT nobody;", 3, "42703", "SELECT nobody"),
        ("\n\n-- again\nCREATE TABLE customer ();", 4, "42P07", "CREATE TABLE customer ()"),
        ("SELECT 1; SELECT 2;\n\n  SELECT\n1/0;", 3, "22012", "SELECT\n1/0"),
        (
            "INSERT INTO customer\nVALUES (1);\nINSERT INTO customer VALUES (1);",
            3,
            "23505",
            "INSERT INTO customer VALUES (1)",
        ),
        ("SELECT 1;\nDO $$ BEGIN\n  RAISE 'no' USING ERRCODE = 'ZZ001';\nEND $$;", 2, "ZZ001", None),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$\n  SELECT nobody\n$$;", 2, "42703", None),
        ("SELECT 1;\nCOPY customer FROM stdin;\n1\nx\n\\.\n", 2, "22P02", "COPY customer FROM stdin"),
    ],
    ids=["parse", "column", "letters", "duplicate", "division", "constraint", "raise", "function", "copy"],
)
def test_the_error_says_file_line_sqlstate_and_statement(failure, sql, line, sqlstate, statement):
    error = failure({"V1__good.sql": GOOD, "V2__bad.sql": sql, "V3__never.sql": "SELECT 1"})
    facts = error.facts
    assert (facts["script"], facts["line"], facts["sqlstate"]) == ("V2__bad.sql", line, sqlstate)
    if statement:
        assert statement in facts["statement"]


def test_the_error_is_one_sentence_with_what_the_schema_is_like_now(failure, schema):
    error = failure({"V1__good.sql": GOOD, "V2__twice.sql": "CREATE TABLE customer ()"})
    assert str(error) == (
        f"V2__twice.sql:1 failed in schema {schema} with SQLSTATE 42P07: "
        'relation "customer" already exists; the schema is as it was before'
    )


def test_a_violation_in_a_later_file_is_laid_to_that_file(failure):
    error = failure(
        {
            "V1__good.sql": GOOD,
            "V2__one.sql": "INSERT INTO customer VALUES (1)",
            "V3__two.sql": "\nINSERT INTO customer VALUES (1)",
        }
    )
    assert (error.facts["script"], error.facts["line"]) == ("V3__two.sql", 2)


def test_a_violation_that_would_show_at_the_commit_is_said_with_its_file(session, schema, folder, ask):
    read = folder({"V1__good.sql": GOOD, "V2__children.sql": PARENT_AND_CHILD})
    with pytest.raises(MigrationFailed, match=r"V2__children\.sql") as caught:
        Engine(read).migrate(session, schema)
    assert caught.value.facts["sqlstate"] == "23503"
    assert ask("SELECT to_regnamespace(%s)", schema) == [(None,)]


def test_a_failing_repeatable_takes_the_versioned_files_before_it_back(failure, schema, ask):
    error = failure({"V1__good.sql": GOOD, "R__view.sql": "\nCREATE VIEW v AS SELECT * FROM nobody"})
    assert (error.facts["script"], error.facts["line"]) == ("R__view.sql", 2)
    assert ask("SELECT to_regnamespace(%s)", schema) == [(None,)]


def test_a_statement_that_takes_too_long_is_ended(failure, schema, ask):
    error = failure({"V1__good.sql": GOOD, "V2__slow.sql": "SELECT 1;\nSELECT pg_sleep(30);"}, statement_timeout=0.2)
    assert (error.facts["line"], error.facts["sqlstate"]) == (2, "57014")
    assert ask("SELECT to_regnamespace(%s)", schema) == [(None,)]


@pytest.mark.parametrize("sql", ["SELECT pg_sleep(0.4)", "SELECT pg_sleep(0.4); VACUUM"], ids=["together", "alone"])
def test_a_file_that_asks_for_more_time_gets_it_for_itself_alone(session, schema, folder, sql):
    files = folder({"V1__slow.sql": f"-- migrator: timeout=1min\n{sql}", "V2__slow.sql": "SELECT pg_sleep(20)"})
    with pytest.raises(MigrationFailed, match=r"V2__slow\.sql:1 failed .* SQLSTATE 57014"):
        Engine(files, Rules(statement_timeout=0.2)).migrate(session, schema)


def test_a_failure_will_not_pass_by_itself(failure):
    assert not isinstance(failure({"V1__bad.sql": "SELECT 1/0"}), TransientError)


def test_a_user_without_the_right_to_make_schemas_is_told_so(server, database, folder, ask, schema):
    ask(f"CREATE ROLE {schema} LOGIN PASSWORD 'p'")
    session = open_url(f"postgresql://{schema}:p@127.0.0.1:{server.port}/{database.name}")
    with pytest.raises(SchemaRefused) as caught:
        Engine(folder({"V1__good.sql": GOOD})).migrate(session, schema)
    session.close()
    assert str(caught.value).startswith(f"schema {schema} of database {database.name}: opening it was refused")
    assert "SQLSTATE 42501: permission denied for database" in str(caught.value)
