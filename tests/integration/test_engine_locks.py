"""Runs at the same time, locks of others, and connections that break."""

from __future__ import annotations

from threading import Barrier

import pytest
from waiting import eventually, meanwhile

from migrator.errors import EXIT_REFUSED, ConnectionLost, SchemaLocked, ServerRefusedForNow, TransientError
from migrator.schema.engine import Engine
from migrator.schema.history import HistoryTable
from migrator.schema.rules import Rules

TWO = {"V1__items.sql": "CREATE TABLE item (id int)", "V2__more.sql": "CREATE TABLE more ()"}
ALTER = {"V3__column.sql": "SELECT 1;\nALTER TABLE item ADD name text"}
GATE = 4711
THROUGH_THE_GATE = {"V1__gate.sql": f"SELECT pg_advisory_xact_lock({GATE})"}
PATIENT = Rules(lock_timeout=20, tries=1)


@pytest.fixture
def waits(ask):
    """Whether a session waits for a lock."""
    statement = "SELECT true FROM pg_stat_activity WHERE application_name = %s AND wait_event_type = 'Lock'"
    return lambda name: bool(ask(statement, name))


@pytest.fixture
def locked(open_, schema):
    """Opens a session that holds what a statement locks."""

    def lock(statement, name="other"):
        session = open_(name)
        session.run(f"BEGIN; {statement}")
        return session

    return lock


def test_two_runs_on_one_schema_apply_everything_once(open_, folder, schema, ask):
    engine, sessions, together = Engine(folder(TWO)), (open_(), open_()), Barrier(2, timeout=20)

    def migrate(session, name):
        together.wait()
        return len(engine.migrate(session, name).applied)

    for number in range(20):
        name = f"{schema}_{number}"
        with meanwhile(migrate, sessions[0], name) as one:
            other = migrate(sessions[1], name)
        assert sorted((one.result(), other)) == [0, 2]
        assert ask(f"SELECT count(*) FROM {name}.flyway_schema_history") == [(2,)]


def test_one_schema_does_not_wait_for_another(open_, folder, schema, locked, waits):
    gate = locked(f"SELECT pg_advisory_lock({GATE})")
    engine = Engine(folder(THROUGH_THE_GATE), PATIENT)
    with meanwhile(engine.migrate, open_("first"), schema) as first:
        eventually(lambda: waits("first"))
        other = Engine(folder({"V1__gate.sql": "SELECT 1"}), Rules(schema_lock_wait=0)).migrate(open_(), f"{schema}_b")
        assert not first.done()
        gate.close()
    assert len(other.applied) == len(first.result().applied) == 1


@pytest.mark.parametrize("function", ["pg_advisory_xact_lock", "pg_advisory_lock"])
def test_a_locked_schema_says_who_holds_it_and_since_when(open_, folder, schema, locked, ask, function):
    locked(f"SELECT {function}({HistoryTable(schema).lock})", "migrator lane 3 e1")
    with pytest.raises(SchemaLocked) as caught:
        Engine(folder(TWO), Rules(schema_lock_wait=0.05)).migrate(open_(), schema)
    facts = caught.value.facts
    assert (facts["schema"], facts["database"], facts["holder"]) == (schema, "eu-1", "migrator lane 3 e1")
    assert facts["since"].startswith("20")
    assert (caught.value.exit_code, ask("SELECT to_regnamespace(%s)", schema)) == (EXIT_REFUSED, [(None,)])


def test_a_run_waits_for_the_lock_of_its_schema_without_a_transaction(open_, folder, schema, locked, ask):
    holder = locked(f"SELECT pg_advisory_xact_lock({HistoryTable(schema).lock})")
    state = "SELECT state FROM pg_stat_activity WHERE application_name = 'waiter'"
    with meanwhile(Engine(folder(TWO)).migrate, open_("waiter"), schema) as waiter:
        eventually(
            lambda: ask(state) == [("idle",)] and ask("SELECT count(*) FROM pg_locks WHERE NOT granted") == [(0,)]
        )
        assert not waiter.done()
        holder.run("ROLLBACK")
        assert len(waiter.result().applied) == 2


def test_the_same_schema_name_in_another_database_is_another_lock(
    server, open_, folder, schema, locked, new_database, query
):
    query(new_database(), "SELECT pg_advisory_lock(%s)", HistoryTable(schema).lock)
    assert len(Engine(folder(TWO), Rules(schema_lock_wait=0)).migrate(open_(), schema).applied) == 2


def test_a_lock_timeout_is_tried_again_until_the_lock_is_free(open_, folder, schema, locked, waits):
    Engine(folder(TWO)).migrate(open_(), schema)
    holder = locked(f"LOCK TABLE {schema}.item")
    patient = Engine(folder(ALTER), Rules(lock_timeout=0.05, tries=100))
    with meanwhile(patient.migrate, open_("patient"), schema) as migrating:
        eventually(lambda: waits("patient"))
        eventually(lambda: not waits("patient"))
        holder.run("ROLLBACK")
        assert migrating.result().applied == ("V3__column.sql",)


def test_a_lock_that_stays_is_given_up_after_some_tries(open_, folder, schema, locked, ask):
    session = open_()
    Engine(folder(TWO)).migrate(session, schema)
    assert session.refused == 0
    locked(f"LOCK TABLE {schema}.item")
    with pytest.raises(ServerRefusedForNow) as caught:
        Engine(folder(ALTER), Rules(lock_timeout=0.05, tries=2)).migrate(session, schema)
    assert session.refused == 2
    facts = caught.value.facts
    assert (facts["script"], facts["line"], facts["sqlstate"]) == ("V3__column.sql", 2, "55P03")
    assert ask(f"SELECT max(version) FROM {schema}.flyway_schema_history") == [("2",)]


@pytest.mark.parametrize("mode", ["ACCESS EXCLUSIVE", "SHARE UPDATE EXCLUSIVE"])
@pytest.mark.parametrize("files", [ALTER, {"V3__alone.sql": "VACUUM item"}], ids=["together", "alone"])
def test_a_lock_on_the_history_passes_too(open_, folder, schema, locked, mode, files):
    Engine(folder(TWO)).migrate(open_(), schema)
    locked(f"LOCK TABLE {schema}.flyway_schema_history IN {mode} MODE")
    with pytest.raises(TransientError):
        Engine(folder(files), Rules(lock_timeout=0.05, tries=2)).migrate(open_(), schema)


def test_a_deadlock_is_tried_again(open_, folder, schema, locked, ask, waits):
    Engine(folder(TWO)).migrate(open_(), schema)
    other = locked(f"SET deadlock_timeout = '60s'; LOCK TABLE {schema}.more")
    # looked for once, after that time: by then the other one has to wait as well, also on a busy machine
    sql = "SET LOCAL lock_timeout = 0; SET LOCAL deadlock_timeout = '2s'; LOCK TABLE item; LOCK TABLE more"
    with meanwhile(Engine(folder({"V3__both.sql": sql})).migrate, open_("first"), schema) as first:
        eventually(lambda: waits("first"))
        other.run(f"LOCK TABLE {schema}.item; COMMIT")
        assert first.result().applied == ("V3__both.sql",)


def test_a_killed_backend_is_a_lost_connection_and_the_next_run_finishes(open_, folder, schema, locked, ask, waits):
    gate, session = locked(f"SELECT pg_advisory_lock({GATE})"), open_("killed")
    engine = Engine(folder({"V0__items.sql": "CREATE TABLE item ()"} | THROUGH_THE_GATE), PATIENT, execution="e1")
    with meanwhile(engine.migrate, session, schema) as first:
        eventually(lambda: waits("killed"))
        ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'killed'")
        with pytest.raises(
            ConnectionLost, match=f"connection to database eu-1 was lost while migrating schema {schema}"
        ):
            first.result()
    assert session.connection.closed
    assert ask("SELECT to_regnamespace(%s)", schema) == [(None,)]
    gate.close()
    assert len(engine.migrate(open_(), schema).applied) == 2


def test_a_session_that_is_closed_already_is_a_lost_connection(open_, folder, schema):
    session = open_()
    session.close()
    with pytest.raises(ConnectionLost):
        Engine(folder(TWO)).migrate(session, schema)
