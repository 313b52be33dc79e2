"""What is pending is rehearsed in a clone: what it locks and writes anew, and whether it can be taken back."""

from __future__ import annotations

import time

import pytest

from migrator.errors import CloneFailed
from migrator.folder.rewriting import renamed
from migrator.folder.way_back import WaysBack
from migrator.model.lock import Lock, LockMode
from migrator.schema.clone import clone, sizes_of
from migrator.schema.engine import Engine
from migrator.schema.fingerprint import fingerprint_of
from migrator.schema.pg_tools import tools_for
from migrator.schema.rehearsal import Means, rehearse
from migrator.schema.rules import Rules
from migrator.schema.scratch import SCRATCH, drop_stale, scratch
from tests.integration.waiting import eventually

FIRST = {
    "V1__account.sql": "CREATE TYPE mood AS ENUM ('good');\n"
    "CREATE TABLE account (id serial PRIMARY KEY, n int, mood mood DEFAULT 'good');\n"
    "CREATE FUNCTION total() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM account $$;\n"
    "CREATE VIEW accounts AS SELECT account.id FROM account;\n"
    "INSERT INTO account (n) SELECT 1 FROM generate_series(1, 5000);",
}


@pytest.fixture
def tools(session, server):
    return tools_for(session, (server.bin,))


@pytest.fixture
def scratches(ask):
    return lambda: [name for (name,) in ask("SELECT nspname FROM pg_namespace WHERE nspname ^@ %s", SCRATCH)]


@pytest.fixture
def rehearsed(session, schema, folder, tools):
    """A schema with the first files and rows, and the rehearsal of some more."""

    def run(**more):
        Engine(folder(FIRST)).migrate(session, schema)
        later = folder(FIRST | {f"{name}.sql": text for name, text in more.items()})
        return rehearse(session, schema, Means(later, WaysBack(later), tools, renamed))

    return run


def test_a_clone_is_like_its_schema_and_has_its_history_and_no_other_rows(session, schema, folder, tools):
    read = folder(FIRST)
    Engine(read).migrate(session, schema)
    with scratch(session) as name:
        clone(session, schema, name, tools, Rules(), renamed)
        assert fingerprint_of(session, name) == fingerprint_of(session, schema)
        assert session.rows(f"SELECT count(*) FROM {name}.account") == [(0,)]
        assert Engine(read).migrate(session, name).applied == ()


def test_a_schema_that_is_named_like_something_in_it_is_not_cloned_wrongly(session, folder, tools, scratches):
    sql = "CREATE TABLE app (id int); CREATE VIEW v AS SELECT app.id FROM app, app AS b"
    Engine(folder({"V1__x.sql": sql})).migrate(session, "app")
    with pytest.raises(CloneFailed, match="no clone of schema app"), scratch(session) as name:
        clone(session, "app", name, tools, Rules(), renamed)
    assert scratches() == []


def test_a_scratch_schema_of_a_crashed_run_is_dropped_by_the_next_one_and_one_in_use_is_not(
    session, ask, open_, scratches
):
    crashed = open_("crashed")
    with scratch(crashed) as left:
        ask(f"CREATE SCHEMA {left}; CREATE TABLE {left}.t ()")
        assert drop_stale(session) == []
        crashed.close()
    with scratch(open_("at work")) as used:
        ask(f"CREATE SCHEMA {used}")
        eventually(lambda: drop_stale(session) == [left])
        assert scratches() == [used]


@pytest.mark.parametrize(("age", "is_dropped"), [(7200, True), (60, False)])
def test_a_scratch_schema_that_was_made_behind_a_pooler_is_dropped_when_it_is_old(
    session, ask, scratches, age, is_dropped
):
    name = f"{SCRATCH}{int(time.time() - age):08x}_0000000001234567"
    ask(f"CREATE SCHEMA {name}")
    assert drop_stale(session) == [name] * is_dropped
    ask(f"DROP SCHEMA IF EXISTS {name}")


def test_a_process_id_that_was_given_out_again_is_not_taken_for_the_maker(session, ask, scratches):
    name = f"{SCRATCH}{int(time.time() - 60):08x}_{session.connection.info.backend_pid:08x}01234567"
    ask(f"CREATE SCHEMA {name}")
    assert drop_stale(session) == [name]


def test_the_size_of_a_schema_is_that_of_its_tables_and_indexes(session, schema, folder):
    Engine(folder(FIRST)).migrate(session, schema)
    assert sizes_of(session, [schema, "nobody"])[schema] > 100_000
    assert "nobody" not in sizes_of(session, [schema, "nobody"])


def test_locks_and_rewrites_of_tables_that_were_there_are_told_for_each_migration(rehearsed, scratches):
    found = rehearsed(
        V2__big="ALTER TABLE account ALTER COLUMN n TYPE bigint;",
        V3__index="CREATE TABLE fresh (id int); CREATE INDEX account_n ON account (n); DROP VIEW accounts;",
    )
    big, index = found.migrations
    assert (big.script, big.locks, big.rewrites) == (
        "V2__big.sql",
        (Lock("account", LockMode.ACCESS_EXCLUSIVE), Lock("account_pkey", LockMode.ACCESS_EXCLUSIVE)),
        ("account",),
    )
    assert index.locks == (Lock("accounts", LockMode.ACCESS_EXCLUSIVE),)  # the other two it had already, or made
    assert index.rewrites == ()
    assert big.seconds > 0
    assert scratches() == []


def test_a_way_back_that_is_exact_is_gone_and_come_again(rehearsed):
    found = rehearsed(V2__note="ALTER TABLE account ADD COLUMN note text;", U2__note="ALTER TABLE account DROP note;")
    [note] = found.migrations
    assert (found.is_fine, note.way_back, note.differences) == (True, "undo", ())
    assert note.locks == (Lock("account", LockMode.ACCESS_EXCLUSIVE),)


def test_an_inverse_is_rehearsed_where_nobody_wrote_an_undo(rehearsed):
    found = rehearsed(V2__note="ALTER TABLE account ADD COLUMN note text;")
    assert [(each.way_back, each.obstacle) for each in found.migrations] == [("inverse", None)]
    assert found.is_fine


def test_an_undo_that_is_not_exact_is_told_with_the_lines_that_differ(rehearsed):
    found = rehearsed(
        V2__two="ALTER TABLE account ADD COLUMN note text; CREATE TABLE IF NOT EXISTS left_over (id int);",
        U2__two="ALTER TABLE account DROP note;",
    )
    [two] = found.migrations
    assert two.way_back == "undo"
    assert [line for line in two.differences if "table left_over" in line]
    assert not found.is_fine


def test_a_migration_without_a_way_back_says_what_stands_in_the_way_and_holds_up_those_below(rehearsed):
    found = rehearsed(V2__note="ALTER TABLE account ADD COLUMN note text;", V3__drop="DROP VIEW accounts CASCADE;")
    note, drop = found.migrations
    assert drop.way_back is None
    assert "V3__drop.sql" in drop.obstacle
    assert note.obstacle == "V3__drop.sql stands on top of it"
    assert found.is_fine


def test_a_migration_that_fails_is_the_result_and_the_schema_is_as_it_was(session, schema, rehearsed, scratches):
    found = rehearsed(V2__bad="SELECT 1;\nALTER TABLE nobody ADD COLUMN x int;")
    assert "V2__bad.sql:2 failed" in found.failure
    assert SCRATCH not in found.failure
    assert (found.schema, found.migrations, found.is_fine) == (schema, (), False)
    assert session.rows(f"SELECT count(*) FROM {schema}.flyway_schema_history") == [(1,)]
    assert scratches() == []


def test_what_runs_outside_a_transaction_is_rehearsed_too(rehearsed):
    found = rehearsed(V2__index="CREATE INDEX CONCURRENTLY account_n ON account (n);")
    [index] = found.migrations
    assert index.locks == (Lock("account", LockMode.SHARE_UPDATE_EXCLUSIVE),)
    assert (index.way_back, found.is_fine) == ("inverse", True)


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO shared_note VALUES (1);",
        "DROP TABLE shared_note;",
        "DO $$ BEGIN EXECUTE 'ALTER TABLE public.shared_note ADD COLUMN x int'; END $$;",
        "DO $$ BEGIN EXECUTE 'DROP TABLE ' || 'public.shared_note'; END $$;",
    ],
)
def test_a_migration_that_changes_what_all_share_is_ended_and_taken_back(ask, rehearsed, sql):
    ask("CREATE TABLE IF NOT EXISTS public.shared_note (id int)")
    found = rehearsed(V2__out=sql)
    assert "V2__out.sql changes more than its own schema" in found.failure
    assert ask("SELECT count(*) FROM public.shared_note") == [(0,)]


def test_a_foreign_key_to_a_shared_table_is_rehearsed_and_leaves_nothing_there(ask, rehearsed):
    ask("CREATE TABLE IF NOT EXISTS public.country (id int PRIMARY KEY)")
    found = rehearsed(V2__key="ALTER TABLE account ADD FOREIGN KEY (n) REFERENCES public.country;")
    assert found.failure is None
    assert Lock("public.country", LockMode.SHARE_ROW_EXCLUSIVE) in found.migrations[0].locks
    assert ask("SELECT count(*) FROM pg_trigger WHERE tgrelid = 'public.country'::regclass") == [(0,)]


def test_a_schema_that_is_not_there_yet_is_rehearsed_from_nothing(session, schema, folder, tools):
    read = folder(FIRST)
    found = rehearse(session, schema, Means(read, WaysBack(read), tools, renamed))
    assert [each.script for each in found.migrations] == ["V1__account.sql"]
    assert session.rows(f"SELECT to_regnamespace('{schema}') IS NULL") == [(True,)]
