"""What a history and a folder may disagree about, and what a repair does about it, as Flyway's does."""

from __future__ import annotations

import psycopg2
import pytest

from migrator.errors import (
    ChecksumChanged,
    MigrationFailedBefore,
    MigrationMissing,
    MigrationOutOfOrder,
    SchemaRefused,
    UnknownSchema,
)
from migrator.model.history import is_current
from migrator.model.version import Version
from migrator.schema import history
from migrator.schema.baseline import baseline
from migrator.schema.engine import Engine
from migrator.schema.history import HistoryTable
from migrator.schema.repair import repair
from migrator.schema.rules import Rules
from migrator.schema.validation import findings
from migrator.schema.visit import Visit

ONE = {"V1__a.sql": "CREATE TABLE a (id int)"}
TWO = {"V2__b.sql": "CREATE TABLE b (id int)"}
THREE = {"V3__c.sql": "CREATE TABLE c (id int)"}
VIEW = {"R__view.sql": "CREATE OR REPLACE VIEW v AS SELECT 1 AS n"}


@pytest.fixture
def fail(ask, schema):
    """Records a migration as failed, as Flyway does where it cannot take one back."""

    def record(rank, version, script):
        row = f"{rank}, '{version}', 'x', 'SQL', '{script}', 1, 'flyway', now(), 0, false"
        ask(f"INSERT INTO {schema}.flyway_schema_history VALUES ({row})")

    return record


def test_a_schema_that_does_not_exist_is_not_made(visit, folder, ask, schema):
    for change in (lambda: baseline(visit, folder(ONE), Version("1")), lambda: repair(visit, folder(ONE))):
        with pytest.raises(UnknownSchema, match=f"has no schema {schema}, nothing was changed"):
            change()
    assert ask("SELECT to_regnamespace(%s)", schema) == [(None,)]


def test_a_late_file_is_refused_by_default(session, schema, folder, has, kinds):
    Engine(folder(ONE | THREE)).migrate(session, schema)
    read = folder(TWO)
    assert kinds(read) == ["out_of_order"]
    with pytest.raises(MigrationOutOfOrder, match=r"V2__b\.sql was never applied"):
        Engine(read).migrate(session, schema)
    assert not has("b")


def test_a_late_file_is_applied_where_the_folder_allows_it(session, schema, folder, history_rows, kinds):
    Engine(folder(ONE | THREE)).migrate(session, schema)
    read = folder(TWO | {"folder.toml": "out_of_order = true"})
    change = Engine(read).migrate(session, schema)
    assert (change.applied, change.to_version) == (("V2__b.sql",), "3")
    assert [row[1] for row in history_rows()] == ["1", "3", "2"]
    assert kinds(read) == []


def test_a_failed_row_stops_everything(session, schema, folder, fail, kinds, has):
    Engine(folder(ONE)).migrate(session, schema)
    fail(2, "2", "V2__b.sql")
    read = folder(TWO | THREE)
    assert kinds(read) == ["failed", "pending"]
    with pytest.raises(MigrationFailedBefore, match=r"has a failed V2__b\.sql in its history"):
        Engine(read).migrate(session, schema)
    assert not has("c")


def test_repair_deletes_failed_rows_and_the_next_run_applies_them(
    visit, session, schema, folder, fail, history_rows, kinds
):
    read = folder(ONE | TWO)
    Engine(read, to=Version("1")).migrate(session, schema)
    fail(2, "2", "V2__b.sql")
    assert repair(visit, read) == ["the row of the failed V2__b.sql was deleted"]
    assert [row[3] for row in history_rows()] == ["V1__a.sql"]
    assert kinds(read) == ["pending"]
    assert Engine(read).migrate(session, schema).applied == ("V2__b.sql",)


def test_rows_of_a_newer_release_are_fine(session, schema, folder, tmp_path, kinds, visit):
    Engine(folder(ONE | TWO)).migrate(session, schema)
    (tmp_path / "migrations" / "V2__b.sql").unlink()
    read = folder({})
    assert kinds(read) == ["future"]
    assert Engine(read).migrate(session, schema).to_version == "2"
    assert not any(each.is_error for each in findings(read, history.read(session, HistoryTable(schema))))
    assert repair(visit, read) == []


def test_repair_realigns_checksum_description_and_type(visit, session, schema, folder, ask, history_rows, kinds):
    read = folder(ONE | TWO)
    Engine(read).migrate(session, schema)
    ask(f"UPDATE {schema}.flyway_schema_history SET checksum = 7, description = 'was', type = 'JDBC'")
    assert set(kinds(read)) == {"changed", "renamed"}
    with pytest.raises(ChecksumChanged):
        Engine(read).migrate(session, schema)
    one = read.versioned[0]
    said = repair(visit, read)
    assert said[0] == (
        f"V1__a.sql has now checksum {one.checksum} instead of 7, description a instead of was, "
        "type SQL instead of JDBC"
    )
    assert history_rows()[0] == (1, "1", "SQL", "V1__a.sql", one.checksum, True)
    assert kinds(read) == []
    assert Engine(read).migrate(session, schema).applied == ()


def test_repair_marks_missing_migrations_as_deleted_as_flyway_does(
    visit, session, schema, folder, tmp_path, history_rows, kinds, has
):
    gone = folder(ONE | TWO | THREE).versioned[1].checksum
    Engine(folder({})).migrate(session, schema)
    (tmp_path / "migrations" / "V2__b.sql").unlink()
    read = folder({})
    with pytest.raises(MigrationMissing, match=r"V2__b\.sql"):
        Engine(read).migrate(session, schema)
    assert repair(visit, read) == ["V2__b.sql is not in the folder and was marked as deleted"]
    assert history_rows()[-1] == (4, "2", "DELETE", "V2__b.sql", gone, True)
    assert kinds(read) == []
    assert has("b")
    assert Engine(read).migrate(session, schema).applied == ()


def test_a_changed_repeatable_stays_to_be_applied(visit, session, schema, folder, kinds, ask):
    Engine(folder(VIEW)).migrate(session, schema)
    read = folder({"R__view.sql": "CREATE OR REPLACE VIEW v AS SELECT 2 AS n"})
    assert repair(visit, read) == []
    assert kinds(read) == ["pending"]
    assert Engine(read).migrate(session, schema).applied == ("R__view.sql",)
    assert ask(f"SELECT n FROM {schema}.v") == [(2,)]


def test_a_second_repair_finds_nothing(visit, session, schema, folder, ask, history_rows):
    read = folder(ONE | TWO)
    Engine(read).migrate(session, schema)
    ask(f"UPDATE {schema}.flyway_schema_history SET checksum = 7")
    assert len(repair(visit, read)) == 2
    before = history_rows()
    assert repair(visit, read) == []
    assert history_rows() == before


def test_a_mark_that_disagrees_with_its_rows_is_set_right(visit, session, schema, folder, ask, kinds):
    read = folder(ONE | TWO)
    Engine(read).migrate(session, schema)
    ask(f"DELETE FROM {schema}.flyway_schema_history WHERE version = '2'; DROP TABLE {schema}.b")
    assert kinds(read) == ["pending", "mark_differs"]
    assert repair(visit, read) == ["the mark was set to what the rows say"]
    assert kinds(read) == ["pending"]
    assert Engine(read).migrate(session, schema).applied == ("V2__b.sql",)


def test_a_repaired_schema_is_current(visit, session, schema, folder, ask):
    read = folder(ONE | TWO | VIEW)
    Engine(read).migrate(session, schema)
    changed = folder({"V1__a.sql": "CREATE TABLE a (id int) -- a remark"})
    repair(visit, changed)
    assert is_current(history.read(session, HistoryTable(schema)).mark, changed, None)


def test_a_repair_that_cannot_be_finished_is_taken_back(visit, session, schema, folder, ask, history_rows):
    read = folder(ONE | TWO)
    Engine(read).migrate(session, schema)
    ask(
        f"UPDATE {schema}.flyway_schema_history SET checksum = 7;"
        f"ALTER TABLE {schema}.flyway_schema_history ADD CHECK (checksum = 7 OR version = '1')"
    )
    before = history_rows()
    with pytest.raises(SchemaRefused, match="writing its history was refused with SQLSTATE 23514"):
        repair(visit, read)
    assert history_rows() == before


def test_a_history_with_another_name_is_found(session, schema, folder, ask):
    read, rules = folder(ONE), Rules(history_table="schema_version")
    Engine(read, rules).migrate(session, schema)
    assert repair(Visit(session, HistoryTable(schema, "schema_version"), rules), read) == []
    with pytest.raises(psycopg2.errors.UndefinedTable):
        ask(f"SELECT * FROM {schema}.flyway_schema_history")
