"""Snapshots of a real schema: what is stored, what a restore brings back, and what it refuses."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
import sys
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from fsspec.implementations.memory import MemoryFileSystem
from waiting import eventually, meanwhile

from migrator.errors import (
    EXIT_REFUSED,
    MigratorError,
    PgToolsMissing,
    RestoreFailed,
    RestoreRefused,
    SchemaLocked,
    SchemaRefusedForNow,
    ServerRefusedForNow,
    SnapshotDamaged,
    SnapshotFailed,
    SnapshotRefused,
    SnapshotStoreFailed,
    UnknownAside,
    UnknownSchema,
    UnknownSnapshot,
)
from migrator.model.identifier import MAX_BYTES
from migrator.schema import history
from migrator.schema.aside import asides, drop_aside
from migrator.schema.engine import Engine
from migrator.schema.fingerprint import fingerprint_of
from migrator.schema.history import HistoryTable
from migrator.schema.pg_child import environment
from migrator.schema.pg_tools import tools_for
from migrator.schema.preview import preview
from migrator.schema.restore import psql_command, restore
from migrator.schema.rules import Rules
from migrator.schema.session import open_url
from migrator.schema.snapshot import dump_command, take
from migrator.schema.snapshot_store import SnapshotStore

FILES = {
    "V1__shop.sql": """
        CREATE TYPE mood AS ENUM ('calm', 'busy');
        CREATE TABLE customer (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, mood mood);
        CREATE TABLE "Order" (id serial PRIMARY KEY, customer int REFERENCES customer,
            total numeric CHECK (total >= 0));
        COMMENT ON TABLE customer IS 'who buys';
        COMMENT ON COLUMN customer.name IS 'as it is spoken';
        CREATE INDEX order_total ON "Order" (total);
        CREATE VIEW busy AS SELECT * FROM customer WHERE mood = 'busy';
        CREATE MATERIALIZED VIEW sums AS SELECT customer, sum(total) FROM "Order" GROUP BY 1;
        CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
        CREATE TRIGGER touched BEFORE UPDATE ON customer FOR EACH ROW EXECUTE FUNCTION touch();
        CREATE TABLE event (at date, what text) PARTITION BY RANGE (at);
        CREATE TABLE event_2026 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
        GRANT SELECT ON customer TO PUBLIC;
        INSERT INTO customer (name, mood) SELECT 'customer ' || n, 'busy' FROM generate_series(1, 20) AS n;
        INSERT INTO "Order" (customer, total) SELECT n, n FROM generate_series(1, 10) AS n;
        INSERT INTO event VALUES ('2026-05-01', 'opened');
    """
}
QUICK = Rules(lock_timeout=0.2, schema_lock_wait=0.2, tries=1)
PATIENT = Rules(lock_timeout=60)


@pytest.fixture
def places(server):
    """Where the programs of the embedded server are; those on PATH are for older servers, if there are any."""
    return (server.bin,)


@pytest.fixture
def snapshots(tmp_path):
    return SnapshotStore(str(tmp_path / "snapshots"))


@pytest.fixture
def shop(session, folder, schema):
    """A schema with one of everything, and its name."""
    Engine(folder(FILES)).migrate(session, schema)
    return schema


@pytest.fixture
def taken(session, shop, snapshots, places):
    return take(session, shop, snapshots, places=places)


@pytest.fixture
def state(session, ask):
    """All that has to be as before: catalog, rows, sequences, privileges, comments, mark."""

    def look(schema):
        tables = [name for (name,) in ask(f"SELECT relname FROM pg_class WHERE {inside(schema)} AND relkind = 'r'")]
        return {
            "fingerprint": fingerprint_of(session, schema),
            "rows": {name: ask(f'SELECT * FROM "{schema}"."{name}" ORDER BY 1') for name in sorted(tables)},
            "sequences": ask(
                f"SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = '{schema}' ORDER BY 1"
            ),
            "privileges": ask(f"SELECT relname, relacl::text FROM pg_class WHERE {inside(schema)} ORDER BY 1"),
            "usage": ask(f"SELECT nspacl::text FROM pg_namespace WHERE nspname = '{schema}'"),
            "mark": history.read(session, HistoryTable(schema)).mark,
        }

    return look


def inside(schema):
    return f"relnamespace = '\"{schema}\"'::regnamespace"


def others(ask, schema):
    """Names of the schemas that a restore of this one has left."""
    return [name for (name,) in ask("SELECT nspname FROM pg_namespace WHERE nspname LIKE %s", f"{schema}\\_before%")]


def files_of(tmp_path):
    return sorted(path.name for path in (tmp_path / "snapshots").rglob("*") if path.is_file())


def test_a_destroyed_schema_comes_back_as_it_was(session, shop, snapshots, places, state, ask):
    ask(f"GRANT USAGE ON SCHEMA {shop} TO PUBLIC")
    before = state(shop)
    taken = take(session, shop, snapshots, places=places)
    session.run(f"DROP SCHEMA {shop} CASCADE")
    restored = restore(session, taken, snapshots, places=places)
    assert state(shop) == before
    assert (restored.is_equal, restored.aside, restored.left_behind) == (True, None, ())
    assert ask(f"SELECT nextval('{shop}.\"Order_id_seq\"')") == [(11,)]
    assert ask(f"SELECT obj_description('{shop}.customer'::regclass)") == [("who buys",)]


def test_the_engine_goes_on_from_what_was_restored(session, folder, shop, taken, snapshots, places):
    more = folder({**FILES, "V2__more.sql": "CREATE TABLE more ()"})
    Engine(more).migrate(session, shop)
    restore(session, taken, snapshots, places=places)
    assert Engine(more).migrate(session, shop).applied == ("V2__more.sql",)


def test_the_sidecar_says_what_was_true_at_that_moment(session, shop, snapshots, places):
    taken = take(session, shop, snapshots, places=places, execution="e7")
    counts = {name: rows.count for name, rows in taken.rows.items()}
    assert counts == {"Order": 10, "customer": 20, "event_2026": 1, "flyway_schema_history": 1}
    assert (taken.database, taken.schema, taken.rank, taken.version, taken.execution) == ("eu-1", shop, 1, "1", "e7")
    assert taken.server_version == taken.dump_version == "18.6"
    assert taken.fingerprint == fingerprint_of(session, shop)
    assert snapshots.snapshots() == [taken] == [snapshots.find("eu-1", shop)]


def test_dump_counts_and_fingerprint_are_of_one_moment(session, shop, snapshots, places, ask):
    """Somebody writes, and alters a table, just when the dump is about to begin."""

    def meddle(asked, schema, table):
        found = fingerprint_of(asked, schema, table)
        ask(f"INSERT INTO {shop}.customer (name) VALUES ('late')")
        return found

    taken = take(session, shop, snapshots, places=places, fingerprint=meddle)
    session.run(f"DROP SCHEMA {shop} CASCADE")
    assert restore(session, taken, snapshots, places=places).is_equal
    assert ask(f"SELECT count(*) FROM {shop}.customer") == [(20,)] == [(taken.rows["customer"].count,)]


def test_the_session_is_usable_afterwards(session, shop, taken):
    session.run("VACUUM")
    assert session.ask("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()") == [(0,)]


@pytest.mark.parametrize("ending", [".dump", ".json"])
def test_a_flipped_byte_is_refused_and_nothing_is_touched(session, shop, taken, snapshots, places, state, ask, ending):
    before = state(shop)
    [path] = Path(snapshots._root).rglob(f"*{ending}")
    content = bytearray(path.read_bytes())
    content[content.index(b"sha256") + 12 if ending == ".json" else len(content) // 2] ^= 1
    path.write_bytes(content)
    [damaged] = snapshots.snapshots()
    with pytest.raises(SnapshotDamaged, match="SHA-256"):
        restore(session, damaged, snapshots, places=places)
    with pytest.raises(SnapshotDamaged, match="SHA-256"):
        snapshots.verify(damaged)
    assert (state(shop), others(ask, shop)) == (before, [])


def test_a_shortened_archive_and_one_that_is_gone_are_refused(session, taken, snapshots, places):
    [path] = Path(snapshots._root).rglob("*.dump")
    snapshots.verify(taken)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(SnapshotDamaged, match="bytes instead of"):
        snapshots.verify(taken)
    path.unlink()
    with pytest.raises(SnapshotDamaged, match="its archive is gone"):
        restore(session, taken, snapshots, places=places)


def test_a_sidecar_that_cannot_be_read_is_named(taken, snapshots):
    [path] = Path(snapshots._root).rglob("*.json")
    path.write_text("{}")
    with pytest.raises(SnapshotDamaged, match=path.name):
        snapshots.snapshots()


def test_a_dump_that_is_killed_leaves_nothing(session, shop, snapshots, places, tmp_path, open_, ask):
    gate = open_("gate")
    gate.run(f"BEGIN; LOCK TABLE ONLY {shop}.event")
    with meanwhile(partial(take, rules=PATIENT, places=places, fingerprint=None), session, shop, snapshots) as it:
        eventually(lambda: ask(WAITING_DUMP))
        for child in _pg_dumps():
            os.kill(child, signal.SIGKILL)
        with pytest.raises(SnapshotFailed, match="is as it was before"):
            it.result()
    assert (files_of(tmp_path), snapshots.snapshots()) == ([], [])


WAITING_DUMP = (
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'migrator snapshot' AND wait_event_type = 'Lock'"
)


def _pg_dumps():
    """This process's pg_dump children, in whichever thread they were started."""
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            status = (path / "status").read_text()
            if f"\nPPid:\t{os.getpid()}\n" in status and status.startswith("Name:\tpg_dump\n"):
                yield int(path.name)


def test_a_process_that_is_killed_while_it_dumps_leaves_no_snapshot(session, shop, snapshots, places, server, ask):
    script = f"""
import itertools
from pathlib import Path
from migrator.schema.session import open_url
from migrator.schema.snapshot_store import SnapshotStore
from migrator.schema.snapshot import take
class Slow(SnapshotStore):
    def _write(self, path, chunks):
        return super()._write(path, itertools.chain(chunks, self._never()))
    def _never(self):
        print("dumped", flush=True)
        import time
        while True:
            time.sleep(1)
            yield b""
session = open_url({server.url(session.connection.info.dbname)!r})
take(session, {shop!r}, Slow({snapshots._root!r}), places=[Path({str(places[0])!r})])
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "dumped\n"
        process.kill()
    assert [path.suffix for path in Path(snapshots._root).rglob("*.*")] == [".part"]
    assert snapshots.snapshots() == []


def test_what_the_store_refuses_is_said_and_nothing_is_left(session, shop, tmp_path, places, ask):
    (tmp_path / "file").write_text("")
    with pytest.raises(SnapshotStoreFailed, match="cannot be written"):
        take(session, shop, SnapshotStore(str(tmp_path / "file")), places=places)
    assert session.ask("SELECT 1") == [(1,)]


def test_a_restore_that_fails_in_the_middle_leaves_the_schema_as_it_was(
    session, shop, snapshots, places, state, ask, query, schema
):
    """The function that a constraint needs was in another schema, and is gone."""
    other = f"{schema}_shared"
    session.run(f"CREATE SCHEMA {other}; CREATE FUNCTION {other}.f(int) RETURNS bool LANGUAGE sql AS 'SELECT true'")
    session.run(f'ALTER TABLE {shop}."Order" ADD CONSTRAINT shared CHECK ({other}.f(id))')
    taken = take(session, shop, snapshots, places=places)
    session.run(f"DROP SCHEMA {other} CASCADE; INSERT INTO {shop}.customer (name) VALUES ('new')")
    before = state(shop)
    with pytest.raises(RestoreFailed, match=r"is as it was before: SQLSTATE 3F000: schema .* does not exist"):
        restore(session, taken, snapshots, places=places)
    assert (state(shop), others(ask, shop)) == (before, [])


@pytest.mark.parametrize("ending", ["exit 1", "kill -9 $$"])
def test_half_an_archive_is_never_committed(session, shop, taken, snapshots, places, state, ask, tmp_path, ending):
    """pg_restore ends early, after statements that would all be accepted."""
    broken = tmp_path / "broken"
    broken.mkdir()
    for name in ("pg_dump", "psql"):
        (broken / name).symlink_to(places[0] / name)
    (broken / "pg_restore").write_text(f'#!/bin/sh\n{places[0]}/pg_restore "$@" | head -n 60\n{ending}\n')
    (broken / "pg_restore").chmod(0o755)
    before = state(shop)
    with pytest.raises(RestoreFailed, match="pg_restore ended with"):
        restore(session, taken, snapshots, places=(broken,))
    assert (state(shop), others(ask, shop)) == (before, [])


def test_rows_that_no_longer_fit_are_not_quoted_in_the_message(session, shop, snapshots, places, schema):
    function = f"CREATE OR REPLACE FUNCTION {schema}_shared.f(text) RETURNS bool LANGUAGE sql AS"
    session.run(f"CREATE SCHEMA {schema}_shared; {function} 'SELECT true'")
    session.run(f"CREATE TABLE {shop}.card (number text CHECK ({schema}_shared.f(number)))")
    session.run(f"INSERT INTO {shop}.card VALUES ('4711 0815')")
    taken = take(session, shop, snapshots, places=places)
    session.run(f"{function} 'SELECT false'")
    with pytest.raises(RestoreFailed, match=r"SQLSTATE 23514: .* violates check constraint") as caught:
        restore(session, taken, snapshots, places=places)
    assert "4711" not in str(caught.value)


def test_the_schema_that_was_there_is_kept_aside_and_dropped_on_request(session, shop, taken, snapshots, places, ask):
    ask(f"INSERT INTO {shop}.customer (name) VALUES ('new')")
    restored = restore(session, taken, snapshots, places=places)
    [aside] = asides(session, shop)
    assert (restored.aside, aside.schema, aside.snapshot) == (aside.name, shop, taken.id)
    assert aside.name.startswith(f"{shop}_before_")
    assert ask(f"SELECT count(*) FROM {aside.name}.customer") == [(21,)]
    assert ask(f"SELECT count(*) FROM {shop}.customer") == [(20,)]
    assert drop_aside(session, shop, aside.name) == aside
    assert (asides(session, shop), others(ask, shop)) == ([], [])


def test_a_long_name_is_cut_so_that_the_one_aside_fits(session, folder, snapshots, places, schema, ask):
    name = schema.ljust(MAX_BYTES, "x")
    Engine(folder({"V1__a.sql": "CREATE TABLE a ()"})).migrate(session, name)
    taken = take(session, name, snapshots, places=places)
    aside = restore(session, taken, snapshots, places=places).aside
    assert (len(aside), ask("SELECT to_regnamespace(%s) IS NOT NULL", aside)) == (MAX_BYTES, [(True,)])


def test_only_what_a_restore_set_aside_is_dropped(session, shop, ask):
    with pytest.raises(UnknownAside, match=f"no schema {shop}"):
        drop_aside(session, shop, shop)
    assert ask("SELECT to_regnamespace(%s) IS NOT NULL", shop) == [(True,)]


def test_what_has_come_to_depend_on_the_one_aside_keeps_it(session, shop, taken, snapshots, places, schema, ask):
    aside = restore(session, taken, snapshots, places=places).aside
    ask(f"CREATE SCHEMA {schema}_other; CREATE VIEW {schema}_other.v AS SELECT * FROM {aside}.customer")
    with pytest.raises(RestoreRefused, match=rf"_RETURN on view {schema}_other.v"):
        drop_aside(session, shop, aside)
    assert ask("SELECT to_regnamespace(%s) IS NOT NULL", aside) == [(True,)]


def test_rows_written_since_are_counted_before_and_afterwards(session, shop, taken, snapshots, places, ask):
    ask(f"INSERT INTO {shop}.customer (name) SELECT 'new' FROM generate_series(1, 5)")
    ask(f'DELETE FROM {shop}."Order" WHERE id <= 3')
    ask(f"CREATE TABLE {shop}.fresh AS SELECT 1 AS x; DROP TABLE {shop}.event_2026")
    told = {t.table: (t.then, t.now) for t in preview(session, taken).left_behind}
    expected = {"customer": (20, 25), "Order": (10, 7), "fresh": (None, 1), "event_2026": (1, None)}
    assert told == expected
    restored = restore(session, taken, snapshots, places=places)
    assert {t.table: (t.then, t.now) for t in restored.left_behind} == expected
    assert restored.written >= 5 + 3 + 1


def test_rows_changed_since_are_seen_by_the_statistics(session, shop, snapshots, places, ask, query):
    session.run("SELECT pg_stat_force_next_flush()")
    taken = take(session, shop, snapshots, places=places)
    session.run(f"UPDATE {shop}.customer SET name = name || '!'")
    session.run("SELECT pg_stat_force_next_flush()")
    [left] = preview(session, taken).left_behind
    assert (left.table, left.then, left.now, left.written) == ("customer", 20, 20, 20)


def test_a_schema_without_changes_leaves_nothing_behind(session, taken):
    seen = preview(session, taken)
    assert (seen.exists, seen.version, seen.written, seen.obstacles) == (True, "1", 0, ())


def test_a_name_in_mixed_case_is_not_mistaken_for_another(session, folder, snapshots, places, schema, state):
    engine, mixed = Engine(folder(FILES)), schema.title().replace("_", "_X")
    for name in (mixed, mixed.lower()):
        engine.migrate(session, name)
    session.run(f"INSERT INTO \"{mixed}\".customer (name) VALUES ('only here')")
    before = state(mixed)
    taken = take(session, mixed, snapshots, places=places)
    session.run(f'DROP SCHEMA "{mixed}" CASCADE')
    assert restore(session, taken, snapshots, places=places).is_equal
    assert state(mixed) == before
    assert snapshots.snapshots("eu-1", mixed.lower()) == []


def test_the_schema_public_comes_back_with_the_rights_of_all(server, new_database, folder, snapshots, places):
    session = open_url(server.url(new_database()))
    with contextlib.closing(session):
        Engine(folder(FILES)).migrate(session, "public")
        rights = "SELECT has_schema_privilege('public', 'public', kind) FROM unnest('{USAGE,CREATE}'::text[]) AS kind"
        owner = "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'public'"
        before = (session.ask(rights), session.ask(owner))
        taken = take(session, "public", snapshots, places=places)
        assert restore(session, taken, snapshots, places=places).is_equal
        assert (session.ask(rights), session.ask(owner)) == before


@pytest.mark.parametrize(
    ("made", "named"),
    [
        ("CREATE TABLE {other}.t (c int REFERENCES {shop}.customer)", "constraint t_c_fkey on table {other}.t"),
        ("CREATE VIEW {other}.v AS SELECT * FROM {shop}.customer", "rule _RETURN on view {other}.v"),
        ("CREATE TABLE {other}.t (m {shop}.mood)", "table {other}.t"),
        ("CREATE TABLE {other}.t (i int DEFAULT nextval('{shop}.customer_id_seq'))", "default value for column i"),
        ("CREATE FUNCTION {other}.f({shop}.mood) RETURNS int LANGUAGE sql AS 'SELECT 1'", "function {other}.f"),
        ("CREATE TABLE {other}.t (i int); CREATE TRIGGER g BEFORE INSERT ON {other}.t EXECUTE FUNCTION {shop}.touch()",
         "trigger g on table {other}.t"),
    ],
    ids=["foreign key", "view", "type", "sequence", "argument", "trigger"],
)  # fmt: skip
def test_a_schema_on_which_others_depend_is_not_restored(
    session, shop, taken, snapshots, places, schema, ask, state, made, named
):
    other = f"{schema}_other"
    ask(f"CREATE SCHEMA {other}; {made.format(other=other, shop=shop)}")
    before = state(shop)
    with pytest.raises(RestoreRefused) as caught:
        restore(session, taken, snapshots, places=places)
    assert named.format(other=other) in str(caught.value)
    assert (caught.value.exit_code, state(shop), others(ask, shop)) == (EXIT_REFUSED, before, [])


def test_a_foreign_key_to_another_schema_is_no_obstacle(session, shop, snapshots, places, schema, ask):
    ask(f"CREATE SCHEMA {schema}_other; CREATE TABLE {schema}_other.country (code text PRIMARY KEY)")
    session.run(f"ALTER TABLE {shop}.customer ADD country text REFERENCES {schema}_other.country")
    taken = take(session, shop, snapshots, places=places)
    assert restore(session, taken, snapshots, places=places).is_equal


def test_a_schema_that_holds_an_extension_is_refused_by_name(server, new_database, session, snapshots, places, schema):
    session.run(f"CREATE SCHEMA {schema}; CREATE EXTENSION citext SCHEMA {schema}")
    with pytest.raises(SnapshotRefused, match="citext"):
        take(session, schema, snapshots, places=places)


def test_a_store_in_memory_serves_as_well(session, shop, places, state):
    kept = SnapshotStore(f"memory://{uuid4()}")
    before = state(shop)
    taken = take(session, shop, kept, places=places)
    session.run(f"DROP SCHEMA {shop} CASCADE")
    assert restore(session, kept.find("eu-1", shop, taken.id), kept, places=places).is_equal
    assert state(shop) == before
    assert not [path for path in MemoryFileSystem.store if path.endswith(".part")]
    kept.delete(taken)
    assert kept.snapshots() == []


def test_two_schemas_are_stored_and_restored_at_once(open_, folder, schema, snapshots, places):
    engine, names = Engine(folder(FILES)), (schema, f"{schema}_b")
    sessions = (open_(), open_())
    for session, name in zip(sessions, names, strict=True):
        engine.migrate(session, name)

    def there_and_back(session, name):
        taken = take(session, name, snapshots, places=places)
        session.run(f"DROP SCHEMA {name} CASCADE")
        return restore(session, taken, snapshots, places=places).is_equal

    with meanwhile(there_and_back, sessions[0], names[0]) as one:
        assert there_and_back(sessions[1], names[1])
        assert one.result()


@pytest.mark.parametrize("doing", ["take", "restore"])
def test_a_schema_that_is_being_migrated_is_left_alone(session, shop, taken, snapshots, places, open_, doing):
    open_("lane").run(f"BEGIN; SELECT pg_advisory_xact_lock({HistoryTable(shop).lock})")
    what, more = (take, (shop, snapshots)) if doing == "take" else (restore, (taken, snapshots))
    with pytest.raises(SchemaLocked, match="by lane since"):
        what(session, *more, rules=QUICK, places=places)


def test_nobody_migrates_a_schema_while_it_is_dumped(session, folder, shop, snapshots, places, open_):
    def attempt(asked, schema, table):
        with pytest.raises(SchemaLocked, match="by test"):
            Engine(folder({**FILES, "V2__b.sql": "SELECT 1"}), QUICK).migrate(open_(), schema)
        return fingerprint_of(asked, schema, table)

    assert take(session, shop, snapshots, places=places, fingerprint=attempt).rank == 1


@pytest.mark.parametrize("table", ["customer", "event"], ids=["while rows are counted", "while pg_dump begins"])
def test_a_table_that_is_locked_for_long_stops_a_snapshot_for_now(
    session, shop, snapshots, places, open_, tmp_path, table
):
    open_("gate").run(f"BEGIN; LOCK TABLE ONLY {shop}.{table}")
    with pytest.raises(ServerRefusedForNow):
        take(session, shop, snapshots, places=places, rules=QUICK, fingerprint=None)
    assert files_of(tmp_path) == []


def test_an_application_that_writes_is_not_interrupted_for_long(session, shop, taken, snapshots, places, open_, state):
    before = state(shop)
    open_("application").run(f"BEGIN; UPDATE {shop}.customer SET name = 'busy' WHERE id = 1")
    with pytest.raises(SchemaRefusedForNow, match="lock timeout"):
        restore(session, taken, snapshots, places=places, rules=QUICK)
    assert state(shop) == before


def test_a_writer_that_waits_for_the_restore_writes_into_what_was_restored(
    session, shop, taken, snapshots, places, open_, ask
):
    application, waiting = open_("application"), "SELECT true FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    holder = open_("holder")
    holder.run(f'BEGIN; LOCK TABLE {shop}."Order" IN SHARE MODE')
    with meanwhile(partial(restore, rules=PATIENT, places=places), session, taken, snapshots) as it:
        eventually(lambda: ask(waiting + " AND application_name = 'migrator restore'"))
        insert = f'INSERT INTO {shop}."Order" (total) VALUES (99)'
        with meanwhile(application.run, insert) as wrote:
            eventually(lambda: ask(waiting + " AND application_name = 'application'"))
            holder.close()
            wrote.result()
        it.result()
    assert ask(f'SELECT count(*) FROM {shop}."Order" WHERE total = 99') == [(1,)]


def test_programs_that_are_too_old_are_refused_with_all_that_was_found(session, shop, snapshots, tmp_path, monkeypatch):
    old = tmp_path / "old"
    old.mkdir()
    for name in ("pg_dump", "pg_restore", "psql"):
        (old / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) 13.4 (Debian)'\n")
        (old / name).chmod(0o755)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    with pytest.raises(PgToolsMissing) as caught:
        take(session, shop, snapshots, places=(old,))
    said = str(caught.value)
    assert said.startswith("database eu-1 runs PostgreSQL 18.6 and needs pg_dump, pg_restore and psql 18 or newer")
    assert f"13.4 in {old}" in said
    assert "postgresql-client-18" in said
    assert "MIGRATOR_PG_BIN" in said


def test_programs_of_the_same_release_are_preferred_to_newer_ones(session, places, tmp_path):
    newer = tmp_path / "newer"
    newer.mkdir()
    for name in ("pg_dump", "pg_restore", "psql"):
        (newer / name).write_text("#!/bin/sh\necho 'x (PostgreSQL) 19beta1'\n")
        (newer / name).chmod(0o755)
    assert tools_for(session, (newer, *places)).directory == places[0]
    assert tools_for(session, (newer, *places), at_least=19).version == "19beta1"


def test_the_password_is_on_no_command_line(session, shop, places, access):
    password = session.connection.info.password
    tools = tools_for(session, places)
    words = [*dump_command(session, HistoryTable(shop), tools, Rules(), "0-1"), *psql_command(session, tools)]
    assert password
    assert password not in " ".join(words)
    assert environment(session.connection)["PGPASSWORD"] == password


def test_the_password_is_not_seen_while_pg_dump_runs_and_in_no_message(session, shop, snapshots, places, open_, ask):
    password = session.connection.info.password
    open_("gate").run(f"BEGIN; LOCK TABLE ONLY {shop}.event")
    patient = Rules(lock_timeout=2)
    with meanwhile(partial(take, rules=patient, places=places, fingerprint=None), session, shop, snapshots) as it:
        eventually(lambda: ask(WAITING_DUMP))
        seen = [Path(f"/proc/{pid}/cmdline").read_bytes().decode() for pid in _pg_dumps()]
        assert len(seen) == 1
        assert shop in seen[0]
        assert password not in seen[0]
        with pytest.raises(MigratorError) as caught:
            it.result()
    assert password not in str(caught.value)


def test_others_on_the_machine_cannot_read_the_snapshots(taken, tmp_path):
    assert stat.S_IMODE((tmp_path / "snapshots").stat().st_mode) == 0o700


def test_what_is_not_there_is_named(session, snapshots, places, schema, taken):
    with pytest.raises(UnknownSchema):
        take(session, f"{schema}_absent", snapshots, places=places)
    with pytest.raises(UnknownSnapshot, match=taken.id):
        snapshots.find("eu-1", taken.schema, "absent")
    with pytest.raises(SnapshotStoreFailed, match="cannot be opened"):
        SnapshotStore("nosuch://bucket")
