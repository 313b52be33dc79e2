"""A new tenant's few round trips through the control database: all is claimed or nothing was."""

from __future__ import annotations

import os
import resource

import pytest
from small_fleet import database, done, lane, opened, register, tenant
from sqlalchemy import text

from migrator.errors import UnknownDatabase
from migrator.fleet import alive, events, lanes, newcomers, registry
from migrator.fleet import spares as pool
from migrator.fleet.lanes import Budget
from migrator.fleet.ledger import Request
from migrator.model.event import Event, EventType
from migrator.model.plan import by_scope, make_plan
from migrator.model.spare import Fit, Seen
from migrator.model.target import Scope, Target
from migrator.watch.report import execution_report, newcomer_report

BUDGET = Budget(2, 1)
NEW = tenant("t1")
TARGET = Target("eu-1", NEW.schema_name, Scope.TENANT, NEW.id)


@pytest.fixture
def event(store):
    """The event of a new tenant, stored; its database is registered and has slots and a spare."""
    with store.begin() as connection:
        register(connection, [Target("eu-1", "other", Scope.TENANT)])
        lanes.prepare(connection, "eu-1", BUDGET)
        pool.begin(connection, "eu-1", "spare_a", "maker")
        pool.ready(connection, "eu-1", "spare_a", "maker", Fit("d", "2", 2, Seen("f", "s")))
        return events.receive(connection, Event("e1", EventType.TENANT_CREATED), flush=False)


def begin(connection, digest="d", holder="one", budget=BUDGET):
    arrival = newcomers.arrive(connection, "e1", NEW)
    request = Request("tenant t1", {"tenant": digest})
    return arrival, newcomers.begin(connection, lane(holder), make_plan(by_scope([TARGET])), request, digest, budget)


def test_a_newcomer_gets_its_target_a_spare_and_a_slot_and_its_report_is_the_ledger_s(store, event):
    with store.begin() as connection:
        arrival, claimed = begin(connection)
        assert (arrival.database.id, arrival.is_open) == ("eu-1", False)
        assert (claimed.spare.schema_name, claimed.claim.schema_name) == ("spare_a", TARGET.schema_name)
        assert (claimed.claim.tenant_id, claimed.claim.fence, claimed.claim.number) == ("t1", 1, 1)
        assert lanes.taken(connection, "eu-1") == 1
    outcome = done(claimed.claim, "V1__a.sql", "V2__b.sql")
    with store.begin() as connection:
        row = newcomers.end(connection, lane(), claimed.spare, outcome)
        assert lanes.taken(connection, "eu-1") == 0
        assert pool.spares(connection) == []
        report = newcomer_report(row, outcome)
        told = execution_report(connection, "e1", "completed") | {"over_budget": False}
    assert report == told
    assert report["summary"].startswith("schema tenant_t1 of database eu-1 is at version 2, 2 migrations applied")


@pytest.mark.parametrize(
    ("how", "missing"), [({"digest": "new"}, "none is ready"), ({"budget": Budget(0, 0)}, "no slot")]
)
def test_without_a_spare_or_a_slot_it_is_said_what_is_missing(store, event, how, missing):
    with store.begin() as connection:
        _, claimed = begin(connection, **how)
    assert claimed.claim is None
    assert missing in claimed.missing


def test_a_schema_that_another_execution_has_is_not_claimed(store, event):
    opened(store, [TARGET], "e0")
    with store.begin() as connection:
        _, claimed = begin(connection)
    assert "another execution" in claimed.missing


def test_its_twin_finds_the_execution_open_and_claims_nothing(store, event):
    with store.begin() as connection:
        begin(connection)
    with store.begin() as connection:
        arrival, claimed = begin(connection, holder="two")
    assert arrival.is_open
    assert claimed.claim is None


def test_one_that_lost_its_claim_closes_nothing(store, event):
    with store.begin() as connection:
        _, claimed = begin(connection)
        connection.execute(text("UPDATE outcome SET fence = fence + 1"))
    with store.begin() as connection:
        assert newcomers.end(connection, lane(), claimed.spare, done(claimed.claim)) is None


def test_a_tenant_comes_back_from_retirement_and_an_unknown_database_is_refused(store, event):
    with store.begin() as connection:
        registry.add_tenant(connection, NEW)
        registry.retire_tenant(connection, NEW.id)
    with store.begin() as connection:
        newcomers.arrive(connection, "e1", NEW)
        assert registry.find_tenant(connection, NEW.id) == NEW
    with store.begin() as connection, pytest.raises(UnknownDatabase):
        newcomers.arrive(connection, "e1", tenant("t2", database("nowhere").id))


def test_a_connection_that_lay_idle_for_long_is_asked_before_it_is_used(store, query, control, monkeypatch):
    monkeypatch.setattr(alive, "ASKED_AFTER", 0.0)
    monkeypatch.setattr(alive, "_has_word", lambda connection: False)
    ours = f"FROM pg_stat_activity WHERE application_name = 'migrator control' AND datname = '{control}'"
    for _ in range(2):
        with store.begin() as connection:
            assert registry.databases(connection) == []
        assert query("postgres", f"SELECT pg_terminate_backend(pid, 5000) {ours}") == [(True,)]


def test_a_process_with_more_than_a_thousand_files_uses_its_pool_all_the_same(store, many_files):
    for _ in range(2):  # the second time it comes from the pool
        with store.begin() as connection:
            assert connection.connection.driver_connection.fileno() > many_files
            assert connection.execute(text("SELECT 1")).scalar_one() == 1


@pytest.fixture
def many_files():
    """As many open files as ``select`` cannot look at; how many those are."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(limits[1], 4096), limits[1]))
    opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    yield 1024
    for each in opened:
        os.close(each)
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)
