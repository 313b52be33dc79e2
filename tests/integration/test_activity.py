"""What a page can see of the lanes of an execution on a database, and of its targets in the ledger."""

from __future__ import annotations

import threading
import time

import psycopg2
import pytest

from migrator.errors import UnknownExecution
from migrator.fleet import events, gate, ledger, steering
from migrator.fleet.ledger import Request
from migrator.model.check import Check, Verdict
from migrator.model.event import Event, EventType
from migrator.model.holder import Holder, lane_name
from migrator.model.plan import by_scope, make_plan
from migrator.model.rollout import Rollout
from migrator.schema.activity import activity
from migrator.watch.execution_view import chart_view, execution_view, targets_view
from tests.integration.small_fleet import ALL_AT_ONCE, FOLDERS, done, failed, found, lane, opened

EXECUTION = "3f2a9c1e-0000-4000-8000-000000000001"
HOLDER = str(Holder("here", 1, 2, "task", "1f0c9a6be2d4"))


@pytest.fixture
def lane_at_work(open_):
    """A lane's connection on which a statement runs in another thread until it is let go."""
    threads = []

    def start(statement, execution=EXECUTION, slot=1):
        session = open_(lane_name(slot, HOLDER, execution))

        def work():
            with session.connection.cursor() as cursor:
                try:
                    cursor.execute(statement)
                except psycopg2.errors.QueryCanceled:
                    return

        thread = threading.Thread(target=work)
        thread.start()
        threads.append((session, thread))
        return session

    yield start
    for session, thread in threads:
        session.connection.cancel()
        thread.join(10)


def seen(session, wanted, execution=EXECUTION, seconds=10.0):
    deadline = time.monotonic() + seconds
    while True:
        told = activity(session, execution)
        if told and wanted(told[0]):
            return told
        assert time.monotonic() < deadline, told


def test_a_lane_that_waits_is_shown_with_the_lock_and_with_who_holds_it_but_no_value_of_theirs(
    session, open_, ask, schema, lane_at_work
):
    ask(f"CREATE SCHEMA {schema}; CREATE TABLE {schema}.account (id int)")
    holder = open_("nightly report")
    holder.connection.autocommit = False
    holder.run(f"INSERT INTO {schema}.account VALUES (4711)")
    lane_at_work(f"ALTER TABLE {schema}.account ADD COLUMN name text")
    (told,) = seen(session, lambda each: each["blocked_by"])
    assert (told["slot"], told["schema"], told["lock"]) == (1, schema, f"AccessExclusiveLock on {schema}.account")
    (blocker,) = told["blocked_by"]
    assert blocker["pid"] == holder.connection.info.backend_pid
    assert (blocker["application"], blocker["state"]) == ("nightly report", "idle in transaction")
    assert blocker["query"].startswith("INSERT INTO")
    assert "4711" not in blocker["query"]
    holder.connection.rollback()


def test_a_long_index_build_shows_its_own_progress(session, open_, ask, schema, lane_at_work):
    ask(f"CREATE SCHEMA {schema}; CREATE TABLE {schema}.account AS SELECT generate_series(1, 1000) AS id")
    holder = open_("somebody")
    holder.connection.autocommit = False
    holder.run(f"UPDATE {schema}.account SET id = id")
    lane_at_work(f"CREATE INDEX CONCURRENTLY account_id ON {schema}.account (id)")
    (told,) = seen(session, lambda each: each["progress"] and each["progress"]["share"] is not None)
    progress = told["progress"]
    assert progress["command"] == "CREATE INDEX CONCURRENTLY"
    assert "waiting for" in progress["phase"]
    assert progress["share"] == 0
    assert told["blocked_by"][0]["application"] == "somebody"
    holder.connection.rollback()


def test_the_lanes_of_another_execution_are_not_shown(session, lane_at_work):
    lane_at_work("SELECT pg_sleep(30)")
    seen(session, lambda each: each["seconds"] >= 0)
    assert activity(session, "another") == []


def test_a_lane_of_an_execution_with_a_long_name_is_found_though_the_server_cut_it(session, lane_at_work):
    long = "request-" + "x" * 100
    lane_at_work("SELECT pg_sleep(30)", execution=long, slot=12)
    (told,) = seen(session, lambda each: True, long)
    assert told["slot"] == 12


def view(store, id_="e1"):
    with store.begin() as connection:
        return execution_view(connection, id_)


def test_the_cells_of_an_execution_are_in_the_order_of_its_targets(store, claim, write):
    opened(store, [*found(3, "eu-2"), *found(3, "eu-1")])
    batch = claim(lane(database_id="eu-2"), 3)
    write(done(batch[0]), failed(batch[1]))
    document, cells = view(store)
    with store.begin() as connection:
        targets = targets_view(connection, "e1")
    assert [target[0] for target in targets] == ["eu-1"] * 3 + ["eu-2"] * 3
    assert cells == "www" + "dfr"
    counts = {"total": 6, "done": 1, "failed": 1, "running": 1, "left": 3, "skipped": 0}
    assert document["counts"] == counts


def test_a_target_with_nothing_to_apply_is_told_from_one_that_was_changed(store, claim, write):
    opened(store, found(2))
    first, second = claim(lane(), 2)
    nothing = done(second)
    write(done(first), nothing.__class__(nothing.claim, nothing.state, "2", "2", (), 0.1))
    assert view(store)[1] == "dc"


def test_a_failure_group_has_its_core_statement_targets_and_command(store, claim, write):
    opened(store, found(3))
    message = 'V2__b.sql:3 failed in schema {} with SQLSTATE 42P07: relation "b" already exists'
    write(*(failed(each, message.format(each.schema_name)) for each in claim(lane(), 3)))
    (group,) = view(store)[0]["groups"]
    assert (group["count"], group["sqlstate"], group["line"]) == (3, "42P07", 3)
    assert group["error"] == "relation <value> already exists"
    assert group["targets"] == ["eu-1/tenant_000", "eu-1/tenant_001", "eu-1/tenant_002"]
    assert group["command"] == "migrator migrate --scope tenant --tenant eu-1-000 --tenant eu-1-001 --tenant eu-1-002"


def test_a_view_says_since_when_and_by_whom_an_execution_is_paused(store):
    opened(store, found(2))
    with store.begin() as connection:
        steering.pause(connection, "e1", "ann")
    document, _ = view(store)
    assert (document["state"], document["reason"]) == ("paused", "paused by ann")
    assert document["since"] == document["actions"][-1]["at"]
    assert document["may"] == ["cancel", "resume"]


def test_a_view_says_why_an_execution_waits(store):
    opened(store, found(2))
    with store.begin() as connection:
        events.receive(connection, Event("e2", EventType.MIGRATION_REQUESTED))
        plan = make_plan(by_scope(found(2)), ALL_AT_ONCE)
        ledger.open_execution(connection, "e2", plan, Request("bob", FOLDERS, rollout=ALL_AT_ONCE))
        stop = Check("transactions", Verdict.STOP, "301 s", "pid 7 holds locks", "end it")
        gate.lock_look(connection, lane())
        gate.record_look(connection, lane(), [stop], 60.0)
    assert view(store, "e2")[0]["waits"][0]["execution"] == "e1"
    (wait,) = view(store)[0]["waits"]
    assert (wait["what"], wait["database"]) == ("gate", "eu-1")
    assert wait["sentence"] == "transactions: pid 7 holds locks; end it"


def test_each_wave_is_a_step_that_says_where_it_stands(store, claim, write):
    opened(store, found(5), rollout=Rollout(canary=1, wave_size="2", max_failures="100%"))
    (canary,) = claim(lane(), 5)
    write(done(canary))
    (stage,) = view(store)[0]["stages"]
    assert [(w["is_canary"], w["total"], w["step"]) for w in stage["waves"]] == [
        (True, 1, "done"),
        (False, 2, "waiting"),
        (False, 2, "waiting"),
    ]


def test_the_chart_counts_what_ended_in_each_span(store, claim, write, query, control):
    opened(store, found(4))
    write(*(done(each) for each in claim(lane(), 4)))
    moved = "UPDATE migrator.outcome SET finished_at = now() - interval '10s' * (schema_name = 'tenant_000')::int"
    query(control, moved)
    with store.begin() as connection:
        chart = chart_view(connection, "e1")
    assert (len(chart["done"]), chart["seconds"]) == (10, 1.0)
    assert (chart["done"][0], chart["done"][-1], sum(chart["done"]), sum(chart["failed"])) == (1.0, 3.0, 4.0, 0.0)


def test_an_execution_that_nobody_knows_is_told_so(store):
    with pytest.raises(UnknownExecution):
        view(store, "none")


def test_a_view_of_ten_thousand_targets_is_read_in_a_fraction_of_a_second(store):
    opened(store, found(10_000))
    started = time.monotonic()
    document, cells = view(store)
    took = time.monotonic() - started
    assert (document["counts"]["left"], len(cells)) == (10_000, 10_000)
    assert took < 1.0
