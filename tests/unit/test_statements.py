"""What a file of SQL consists of."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.errors import RefusedStatement
from migrator.folder.statements import read_script, split_statements

FILE = Path("migrations/V1__x.sql")


def texts(sql: str) -> list[str]:
    return [statement.text.strip() for statement in split_statements(sql, FILE)]


def lines(sql: str) -> list[int]:
    return [statement.line for statement in split_statements(sql, FILE)]


def runs_in_a_transaction(sql: str) -> bool:
    (statement,) = split_statements(sql, FILE)
    return statement.transactional


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("", []),
        ("-- only a comment\n/* and another; one */", []),
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1;;\n;SELECT 2;", ["SELECT 1", "SELECT 2"]),
        ("SELECT ';'; SELECT \"a;b\" FROM t", ["SELECT ';'", 'SELECT "a;b" FROM t']),
        ("SELECT 1 -- no; end\n; SELECT 2", ["SELECT 1 -- no; end", "SELECT 2"]),
        ("DO $a$ BEGIN PERFORM 1; END $a$; SELECT 2", ["DO $a$ BEGIN PERFORM 1; END $a$", "SELECT 2"]),
        ("SELECT $q$ it's $$ ; $$ $q$; SELECT 2", ["SELECT $q$ it's $$ ; $$ $q$", "SELECT 2"]),
    ],
)
def test_statements_end_at_semicolons_that_end_statements(sql, found):
    assert texts(sql) == found


def test_a_function_body_in_begin_atomic_stays_whole():
    sql = "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END;\nSELECT 3"
    assert len(texts(sql)) == 2
    assert texts(sql)[1] == "SELECT 3"


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("SELECT 1;\nSELECT 2;", [1, 2]),
        ("\n\nSELECT 1;\n\n\nSELECT\n2;\nSELECT 3", [3, 6, 8]),
        ("-- why\nSELECT 1;\n-- and\n/* then\n*/ SELECT 2;", [2, 5]),
        ("SELECT 1; SELECT 2;\r\nSELECT 3;\r\n", [1, 1, 2]),
        ("-- é 漢字 🐘\nSELECT 'ü';\nSELECT 2;", [2, 3]),
        ("SELECT 1; -- the rest of this line is a comment\n\nSELECT 2;", [1, 3]),
    ],
)
def test_a_statement_has_the_line_of_its_first_word(sql, found):
    assert lines(sql) == found


def test_a_statement_has_the_place_of_its_text_in_characters():
    sql = "-- é 漢字 🐘\nSELECT 'ü';\n\nCREATE TABLE grün (größe int);\n"
    for statement in split_statements(sql, FILE):
        assert sql[statement.start :].startswith(statement.text)
    assert texts(sql) == ["SELECT 'ü'", "CREATE TABLE grün (größe int)"]


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE INDEX CONCURRENTLY i ON t (a)",
        "create unique index concurrently if not exists i on t (a)",
        "DROP INDEX CONCURRENTLY i",
        "REINDEX INDEX CONCURRENTLY i",
        "REINDEX (CONCURRENTLY) TABLE t",
        "REINDEX SCHEMA s",
        "VACUUM t",
        "VACUUM (ANALYZE) t",
        "CREATE DATABASE d",
        "DROP DATABASE d",
        "ALTER SYSTEM SET work_mem = '1GB'",
        "ALTER TABLE t DETACH PARTITION p CONCURRENTLY",
        "CLUSTER",
    ],
)
def test_what_postgresql_refuses_in_a_transaction_runs_alone(sql):
    assert not runs_in_a_transaction(sql)


def test_what_is_done_concurrently_says_to_which_things_also_where_a_target_puts_its_own_name():
    sql = """ALTER TABLE ONLY "T" DETACH PARTITION ${migrator:schema}.p CONCURRENTLY;
        DROP INDEX CONCURRENTLY i_${migrator:tenant_id}; CREATE INDEX CONCURRENTLY ON t (a);
        REINDEX TABLE CONCURRENTLY t"""
    detach, drop, build, rebuild = split_statements(sql, FILE)
    assert detach.detaches == ('"T"', '"${migrator:schema}"."p"')
    assert (drop.drops, build.builds, rebuild.rebuilds) == ("i_${migrator:tenant_id}", None, True)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE INDEX i ON t (a)",
        "DROP INDEX i",
        "REINDEX TABLE t",
        "ANALYZE t",
        "ALTER TYPE e ADD VALUE 'x'",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY v",
        "ALTER TABLE t DETACH PARTITION p",
        "CLUSTER t USING i",
        "-- CREATE INDEX CONCURRENTLY\nSELECT 'VACUUM'",
    ],
)
def test_everything_else_runs_in_the_transaction(sql):
    assert runs_in_a_transaction(sql)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("ROLLBACK", "it takes back what stands before it"),
        ("ABORT", "it takes back what stands before it"),
        ("ROLLBACK AND CHAIN", "it takes back what stands before it"),
        ("PREPARE TRANSACTION 'x'", "a transaction prepared for later"),
        ("COMMIT PREPARED 'x'", "a transaction prepared for later"),
        ("BEGIN ISOLATION LEVEL SERIALIZABLE", "migrations run in READ COMMITTED, READ WRITE"),
        ("START TRANSACTION READ ONLY", "migrations run in READ COMMITTED, READ WRITE"),
        ("BEGIN; VACUUM t", "PostgreSQL refuses this inside the transaction that the file begins in line 4"),
        ("COPY t FROM '/tmp/x'", "it reads a file of the database server"),
        ("COPY t FROM PROGRAM 'ls'", "a migration runs no programs"),
        ("COPY t TO STDOUT", "it sends rows to a client"),
    ],
)
def test_what_would_make_history_lie_is_refused_with_its_line(sql, said):
    with pytest.raises(RefusedStatement) as caught:
        split_statements(f"CREATE TABLE t ();\n\n-- now\n{sql};\nSELECT 1;", FILE)
    assert str(caught.value).startswith(f"{FILE}:4: {said}")


@pytest.mark.parametrize(
    ("sql", "blocks"),
    [
        ("SELECT 1; SELECT 2", [0, 0]),
        ("BEGIN; SELECT 1; SELECT 2; COMMIT", [0, 0]),
        ("START TRANSACTION READ WRITE; SELECT 1; END;", [0]),
        ("SET x.y = 1; BEGIN ISOLATION LEVEL READ COMMITTED; SELECT 1; COMMIT", [0, 0]),
        ("SELECT 1; COMMIT; VACUUM; BEGIN; SELECT 2", [0, None, 1]),
        ("COMMIT; VACUUM; BEGIN", [None]),
        ("BEGIN; SELECT 1; COMMIT; BEGIN; SELECT 2; COMMIT; SELECT 3", [0, 1, None]),
        ("SELECT 1; COMMIT AND CHAIN; SELECT 2", [0, 1]),
        ("BEGIN; SAVEPOINT a; SELECT 1; ROLLBACK TO a; RELEASE a; COMMIT", [0, 0, 0, 0]),
        ("SELECT 1; BEGIN; SELECT 2", [0, 0]),
    ],
)
def test_every_statement_knows_the_transaction_of_its_file(sql, blocks):
    assert [statement.block for statement in split_statements(sql, FILE)] == blocks


@pytest.mark.parametrize(
    ("sql", "blocks"),
    [("SELECT 1; SELECT 2", [None, None]), ("SELECT 1; BEGIN; SELECT 2; COMMIT; SELECT 3", [None, 0, None])],
)
def test_a_file_outside_a_transaction_has_only_those_that_it_begins(sql, blocks):
    assert [statement.block for statement in read_script(sql, FILE, outside=True).statements] == blocks


def test_begin_and_commit_are_blanked_out_so_that_everything_stays_in_its_place():
    sql = "BEGIN;\nSELECT 1;\nCOMMIT;\n"
    assert read_script(sql, FILE).sql == "     ;\nSELECT 1;\n      ;\n"


def test_the_rows_of_each_copy_belong_to_its_statement():
    sql = "COPY a FROM stdin;\n1\n\\.\nSELECT 1;\nCOPY b (x) FROM STDIN;\n2\n3\n\\.\n"
    assert [(s.data, s.line) for s in split_statements(sql, FILE)] == [("1\n", 1), (None, 4), ("2\n3\n", 5)]


@pytest.mark.parametrize("sql", ["SAVEPOINT a", "RELEASE a", "ROLLBACK TO a", "DO $$ BEGIN NULL; END $$"])
def test_a_savepoint_or_a_plpgsql_block_is_allowed(sql):
    assert runs_in_a_transaction(sql)


def test_a_file_that_the_parser_cannot_read_is_one_statement():
    sql = "CREATE TABLE t ();\nCREATE SPACESHIP s;\nSELECT 1"
    (statement,) = split_statements(sql, FILE)
    assert (statement.text, statement.line, statement.transactional) == (sql, 1, True)
