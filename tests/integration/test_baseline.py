"""Where a history begins: Flyway's baseline row, and baseline files on an empty schema."""

from __future__ import annotations

import pytest

from migrator.errors import AlreadyManaged, MigrationMissing, SchemaLocked
from migrator.model.history import is_current
from migrator.model.version import Version
from migrator.schema import history
from migrator.schema.baseline import baseline
from migrator.schema.engine import Engine
from migrator.schema.history import HistoryTable

ONE = {"V1__a.sql": "CREATE TABLE a (id int)"}
TWO = {"V2__b.sql": "CREATE TABLE b (id int)"}
THREE = {"V3__c.sql": "CREATE TABLE c (id int)"}
VIEW = {"R__view.sql": "CREATE OR REPLACE VIEW v AS SELECT 1 AS n"}


@pytest.fixture
def made(ask, schema):
    """The schema exists, with a table of its own and no history."""
    ask(f"CREATE SCHEMA {schema}; CREATE TABLE {schema}.a (id int)")


@pytest.mark.usefixtures("made")
def test_a_baseline_is_the_row_that_flyway_writes(visit, folder, ask, schema):
    assert baseline(visit, folder(ONE), Version("1"))
    text = "<< Flyway Baseline >>"
    assert ask(f"SELECT * FROM {schema}.flyway_schema_history")[0][:7] == (
        1,
        "1",
        text,
        "BASELINE",
        text,
        None,
        "postgres",
    )


@pytest.mark.usefixtures("made")
def test_only_what_is_newer_than_the_baseline_is_applied_afterwards(visit, session, schema, folder, kinds):
    read = folder(ONE | TWO | THREE | VIEW)
    baseline(visit, read, Version("2"))
    change = Engine(read).migrate(session, schema)
    assert (change.from_version, change.to_version) == ("2", "3")
    assert change.applied == ("V3__c.sql", "R__view.sql")
    assert kinds(read) == []


@pytest.mark.usefixtures("made")
def test_a_schema_whose_baseline_is_the_newest_version_is_current(visit, session, schema, folder):
    read = folder(ONE | TWO)
    baseline(visit, read, Version("2"))
    assert is_current(history.read(session, HistoryTable(schema)).mark, read, None)


@pytest.mark.usefixtures("made")
def test_declaring_the_same_baseline_again_changes_nothing(visit, folder, history_rows):
    assert baseline(visit, folder(ONE), Version("1"))
    before = history_rows()
    assert not baseline(visit, folder(ONE), Version("1.0"))
    assert history_rows() == before


@pytest.mark.usefixtures("made")
def test_another_baseline_is_refused(visit, folder, history_rows):
    baseline(visit, folder(ONE), Version("1"))
    with pytest.raises(AlreadyManaged, match="has a history already: it has a baseline at version 1"):
        baseline(visit, folder(ONE | TWO), Version("2"))
    assert len(history_rows()) == 1


@pytest.mark.usefixtures("made")
def test_a_schema_with_migrations_is_refused(visit, session, schema, folder, history_rows):
    Engine(folder(TWO)).migrate(session, schema)
    with pytest.raises(AlreadyManaged, match=r"has a history already: V2__b\.sql was applied; nothing was changed"):
        baseline(visit, folder(TWO), Version("2"))
    assert len(history_rows()) == 1


@pytest.mark.usefixtures("made")
def test_a_long_description_is_cut_as_flyway_cuts_it(visit, folder, ask, schema):
    baseline(visit, folder(ONE), Version("1"), "x" * 300)
    assert ask(f"SELECT description FROM {schema}.flyway_schema_history") == [("x" * 197 + "...",)]


@pytest.mark.usefixtures("made")
def test_a_locked_schema_is_left_alone(visit, folder, open_, schema, ask):
    open_("somebody").run(f"SELECT pg_advisory_lock({HistoryTable(schema).lock})")
    with pytest.raises(SchemaLocked, match="is being migrated by somebody"):
        baseline(visit, folder(ONE), Version("1"))
    assert ask("SELECT to_regclass(%s)", f"{schema}.flyway_schema_history") == [(None,)]


def test_an_empty_schema_gets_the_newest_baseline_file_and_what_is_newer(
    session, schema, folder, history_rows, has, kinds
):
    files = ONE | TWO | THREE | {"B2__a_and_b.sql": "CREATE TABLE ab (id int)"}
    read = folder(files)
    assert Engine(read).migrate(session, schema).applied == ("B2__a_and_b.sql", "V3__c.sql")
    assert [row[:4] for row in history_rows()] == [
        (1, "2", "SQL_BASELINE", "B2__a_and_b.sql"),
        (2, "3", "SQL", "V3__c.sql"),
    ]
    assert (has("ab"), has("a")) == (True, False)
    assert kinds(read) == []
    assert Engine(read).migrate(session, schema).applied == ()


def test_a_schema_that_has_come_further_never_gets_a_baseline_file(session, schema, folder, tmp_path, kinds):
    Engine(folder(ONE | TWO)).migrate(session, schema)
    for name in (*ONE, *TWO):
        (tmp_path / "migrations" / name).unlink()
    read = folder({"B2__a_and_b.sql": "CREATE TABLE ab (id int)"} | THREE)
    assert kinds(read) == ["pending"]
    assert Engine(read).migrate(session, schema).applied == ("V3__c.sql",)


def test_a_schema_that_is_behind_a_baseline_whose_files_are_gone_is_refused(session, schema, folder, tmp_path):
    Engine(folder(ONE)).migrate(session, schema)
    (tmp_path / "migrations" / "V1__a.sql").unlink()
    with pytest.raises(MigrationMissing, match=r"V1__a\.sql"):
        Engine(folder({"B2__a_and_b.sql": "CREATE TABLE ab (id int)"} | THREE)).migrate(session, schema)


def test_a_schema_made_by_a_baseline_file_alone_is_current(session, schema, folder):
    read = folder({"B2__a_and_b.sql": "CREATE TABLE ab (id int)"})
    Engine(read).migrate(session, schema)
    assert is_current(history.read(session, HistoryTable(schema)).mark, read, None)
