"""What one look at a database finds: locks of others, limits, leftovers, and what a role may not see."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest
from psycopg2.errors import UniqueViolation
from waiting import eventually, meanwhile

from migrator.local import Postgres
from migrator.model.check import Verdict
from migrator.model.facts import Load
from migrator.model.preflight import Needs, PreflightLimits
from migrator.schema.preflight import preflight, read_facts, survey_load
from migrator.schema.session import open_session, open_url

IMPATIENT = PreflightLimits(transaction_warn=0.0, transaction_stop=0.0)


@pytest.fixture
def items(ask, schema):
    """A schema with a table that has two equal rows."""
    ask(f"CREATE SCHEMA {schema}; CREATE TABLE {schema}.item (id int); INSERT INTO {schema}.item VALUES (1), (1)")
    return schema


@pytest.fixture
def checks(database, access):
    """The checks of the module's database by name."""

    def look(schema, limits=IMPATIENT, lanes=1):
        opening = lambda: open_session(database, "look", access)  # noqa: E731
        return {check.name: check for check in preflight(opening, Needs((schema,), lanes), limits)}

    return look


@pytest.fixture
def limited(database, ask, schema, server):
    """A role that may log in and see nothing of others; opens sessions for it."""
    ask(f"CREATE ROLE {schema}_role LOGIN PASSWORD 'p'")
    opened = []

    def session():
        opened.append(open_url(f"postgresql://{schema}_role:p@127.0.0.1:{server.port}/{database.name}"))
        return opened[-1]

    yield session
    for found in opened:
        found.close()


def test_a_quiet_database_passes_every_check(checks, items):
    found = checks(items, PreflightLimits())
    assert {name: check.verdict.value for name, check in found.items()} == dict.fromkeys(found, "ok")


def test_a_session_that_holds_a_lock_in_the_schema_is_named_and_stops_the_wave(checks, items, open_):
    holder = open_("nightly report")
    holder.run(f"BEGIN; SELECT count(*) FROM {items}.item WHERE id = 4711")
    found = checks(items)["transactions"]
    assert found.verdict is Verdict.STOP
    pid = holder.connection.info.backend_pid
    assert f"pid {pid} (nightly report, user postgres, idle in transaction" in found.sentence
    assert f"with locks on 1 relations such as {items}.item" in found.sentence
    assert "last statement: BEGIN; SELECT count" in found.sentence
    assert "4711" not in found.sentence
    assert found.advice == f"wait until it ends, or end it: SELECT pg_terminate_backend({pid})"


def test_an_open_transaction_without_locks_in_the_schema_is_a_warning(checks, items, open_):
    open_("elsewhere").run("BEGIN; SELECT count(*) FROM pg_class")
    found = checks(items)["transactions"]
    assert (found.verdict, "elsewhere" in found.sentence) == (Verdict.WARN, True)


def test_a_transaction_in_another_database_does_not_matter(checks, items, server):
    with psycopg2.connect(server.url(), application_name="far away") as other:
        other.cursor().execute("SELECT count(*) FROM pg_class")
        found = checks(items)["transactions"]
    other.close()
    assert (found.verdict, found.figure) == (Verdict.OK, "oldest 0 s")


def test_sessions_that_wait_for_a_lock_are_counted(items, open_, session):
    holder = open_("holder")
    holder.run(f"BEGIN; LOCK TABLE {items}.item")
    assert survey_load(session) == Load(lock_waits=0, active=0, lag_seconds=0, lag_bytes=0)
    with meanwhile(open_("waiter").rows, f"SELECT count(*) FROM {items}.item"):
        load = eventually(lambda: (found := survey_load(session)).lock_waits and found)
        assert (load.lock_waits, load.active) == (1, 1)
        assert read_facts(session, [items]).lock_waits == 1
        holder.roll_back()


def test_a_look_leaves_the_settings_of_its_session_alone(items, session):
    session.run("SET statement_timeout = '7s'")
    read_facts(session, [items])
    survey_load(session)
    assert session.rows("SHOW statement_timeout") == [("7s",)]
    assert session.connection.notices == []


def test_indexes_that_a_failed_build_left_are_named(checks, items, ask):
    with pytest.raises(UniqueViolation):
        ask(f"CREATE UNIQUE INDEX CONCURRENTLY only_once ON {items}.item (id)")
    found = checks(items)["indexes"]
    assert (found.verdict, found.figure) == (Verdict.WARN, "1 invalid")
    assert f"{items}.only_once" in found.sentence


def test_an_invalid_index_of_another_schema_is_not_ours(checks, items, ask):
    with pytest.raises(UniqueViolation):
        ask(f"CREATE UNIQUE INDEX CONCURRENTLY only_once ON {items}.item (id)")
    assert checks(f"{items}_other")["indexes"].verdict is Verdict.OK


def test_an_index_that_is_being_built_is_not_left_over(checks, items, ask, open_):
    holder = open_("holder")
    holder.run(f"BEGIN; INSERT INTO {items}.item VALUES (2)")
    with meanwhile(open_("builder").run, f"CREATE INDEX CONCURRENTLY slow ON {items}.item (id)"):
        eventually(
            lambda: ask(
                "SELECT true FROM pg_index WHERE NOT indisvalid AND indexrelid = to_regclass(%s)", f"{items}.slow"
            )
        )
        assert checks(items)["indexes"].verdict is Verdict.OK
        holder.roll_back()


def test_a_database_that_is_read_only_by_default_is_a_stop(checks, items, ask, database):
    ask(f"ALTER DATABASE {database.name} SET default_transaction_read_only = on")
    try:
        found = checks(items)["writable"]
    finally:
        ask(f"ALTER DATABASE {database.name} RESET default_transaction_read_only")
    assert (found.verdict, found.figure) == (Verdict.STOP, "read-only")


def test_the_connection_limit_of_a_database_counts_for_a_role_that_is_no_superuser(
    limited, items, ask, database, checks
):
    session = limited()
    used = read_facts(session, [items]).connections.used
    ask(f"ALTER DATABASE {database.name} CONNECTION LIMIT 4")
    try:
        facts = read_facts(session, [items])
        assert facts.database_connections.limit == 4
        assert 0 < facts.database_connections.used <= used
        needs = Needs((items,), lanes=2)
        found = {check.name: check for check in preflight(lambda: session, needs)}["connections"]
        assert found.verdict is Verdict.STOP
        assert "the database has" in found.sentence
        assert checks(items)["connections"].verdict is Verdict.OK
    finally:
        ask(f"ALTER DATABASE {database.name} CONNECTION LIMIT -1")


def test_the_connection_limit_of_a_role_counts_its_other_sessions(limited, items, ask):
    ask(f"ALTER ROLE {items}_role CONNECTION LIMIT 5")
    session, _other = limited(), limited()
    assert read_facts(session, [items]).role_connections.free == 4


def test_what_a_role_may_not_see_is_a_warning_that_says_how_to_see_it(limited, items, open_):
    open_("secret").run(f"BEGIN; SELECT FROM {items}.item")
    session = limited()
    facts = read_facts(session, [items])
    assert facts.hidden_sessions >= 1
    holder = facts.transactions[0]
    assert (holder.seconds, holder.relations, holder.application) == (None, 1, "secret")
    found = {check.name: check for check in preflight(lambda: session, Needs((items,)))}["transactions"]
    assert found.verdict is Verdict.WARN
    assert "of unknown age" in found.sentence


def test_locks_of_a_transaction_are_entries_of_the_lock_table(items, ask, session, open_):
    before = read_facts(session, [items]).locks
    tables = "; ".join(f"CREATE TABLE {items}.t{n} ()" for n in range(100))
    open_("maker").run(f"BEGIN; {tables}")
    after = read_facts(session, [items]).locks
    assert after.limit == before.limit == 256 * 200
    assert after.used - before.used >= 100


def test_a_database_that_cannot_be_reached_is_a_stop(database, access):
    away = replace(database, name="nowhere")
    (found,) = preflight(lambda: open_session(away, access=access), Needs())
    assert (found.name, found.verdict) == ("reachable", Verdict.STOP)
    assert 'database "nowhere" does not exist' in found.sentence


class Standby(Postgres):
    """A replica of another server."""

    def __init__(self, directory, primary):
        super().__init__(directory, durable=False)
        self.primary = primary

    def _fill(self, draft, lock):
        self.home.note("password", self.primary.password)
        command = [self.bin / "pg_basebackup", "-D", draft, "-R", "-X", "fetch", "-c", "fast", "-d", self.primary.url()]
        assert self._fork(command, lock).wait() == 0


@pytest.fixture(scope="module")
def place():
    """A directory that the servers' account can enter."""
    made = Path(tempfile.mkdtemp(prefix="migrator-test-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def primary(place):
    """A server of our own that allows prepared transactions."""
    postgres = Postgres(place / "primary", durable=False)
    try:
        postgres.start()
        with_owner(postgres, "ALTER SYSTEM SET max_prepared_transactions = 4")
        postgres.stop()
        postgres.start()
        yield postgres
    finally:
        postgres.stop()


@pytest.fixture
def standby(place, primary):
    """A replica of it."""
    replica = Standby(place / "standby", primary)
    try:
        replica.start()
        yield replica
    finally:
        replica.stop()


def with_owner(postgres, statement):
    session = open_url(postgres.url())
    try:
        session.run(statement)
    finally:
        session.close()


def looked(postgres, schema, limits=IMPATIENT):
    return {c.name: c for c in preflight(lambda: open_url(postgres.url()), Needs((schema,)), limits)}


def test_a_prepared_transaction_that_nobody_ends_is_named_by_its_gid(primary):
    with_owner(primary, "CREATE SCHEMA lost; CREATE TABLE lost.item ()")
    with_owner(primary, "BEGIN; LOCK TABLE lost.item IN SHARE MODE; PREPARE TRANSACTION 'shop 7'")
    fresh = looked(primary, "lost")["transactions"]
    primary.stop()
    primary.start()
    found = looked(primary, "lost")["transactions"]
    with_owner(primary, "ROLLBACK PREPARED 'shop 7'")
    assert fresh.verdict is Verdict.STOP
    assert found.verdict is Verdict.STOP
    assert "prepared transaction 'shop 7' (user postgres, prepared, open for " in found.sentence
    assert "with locks on 1 relations such as lost.item" in found.sentence
    assert found.advice == "let its owner end it: COMMIT PREPARED or ROLLBACK PREPARED 'shop 7'"


def test_a_replica_is_not_written_to_and_its_lag_is_seen_from_the_primary(primary, standby):
    assert eventually(lambda: looked(primary, "s")["replicas"].figure != "none")
    found = looked(standby, "s")
    assert (found["writable"].verdict, found["writable"].figure) == (Verdict.STOP, "replica")
    with_owner(standby, "SELECT pg_wal_replay_pause()")
    with_owner(primary, "CREATE TABLE filler AS SELECT repeat('x', 1000) FROM generate_series(1, 2000)")
    small = PreflightLimits(lag_bytes_warn=2**20)
    assert eventually(lambda: looked(primary, "s", small)["replicas"].verdict is Verdict.WARN)
    assert "replica walreceiver is furthest behind" in looked(primary, "s", small)["replicas"].sentence
    with_owner(standby, "SELECT pg_wal_replay_resume()")
    eventually(lambda: looked(primary, "s", small)["replicas"].verdict is Verdict.OK)
