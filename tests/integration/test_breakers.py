"""A process and its breakers: what counts, what is written down, and what happens without a store."""

from __future__ import annotations

from contextlib import closing

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from small_fleet import found as targets
from small_fleet import opened
from structlog.testing import capture_logs

from migrator.errors import BreakerOpen, DatabaseUnreachable, WrongCredentials
from migrator.fleet import breakers as changes
from migrator.fleet import registry
from migrator.local import free_port
from migrator.model.breaker import BreakerState, Permit, Thresholds
from migrator.model.target import Database, DatabaseKind
from migrator.schema.session import Access
from migrator.watch.report import execution_report, remarks
from tasks import breaker, desk
from tasks.breaker_store import BreakerStore
from tasks.breakers import Breakers, own_thresholds

MOST = Thresholds(failures=2, open_seconds=300)
DATABASE = Database("eu-1", "postgres", DatabaseKind.TENANT)


@pytest.fixture
def breakers(valkey, store, monkeypatch):
    """Those of a process whose ledger is the test's."""
    made = BreakerStore(valkey.url(), MOST)
    made._client.flushall()
    monkeypatch.setattr(desk, "store", lambda: store)
    found = Breakers(made, MOST, patience=600)
    monkeypatch.setattr(breaker, "breakers", lambda: found)
    return found


@pytest.fixture
def database(server, store, monkeypatch):
    """A registered database that is there, and is entered with the right password."""
    monkeypatch.setattr(desk, "access", lambda: Access(passfile=str(server.passfile)))
    found = Database("eu-1", "postgres", DatabaseKind.TENANT, "127.0.0.1", server.port, "postgres")
    with store.begin() as connection:
        registry.add_database(connection, found)
    return found


def state(breakers):
    return breakers.state("eu-1").after


def away(database):
    return Database(database.id, database.name, database.kind, "127.0.0.1", 1, "postgres")


def test_a_database_that_cannot_be_reached_opens_its_breaker_and_is_asked_no_more(breakers, database, store):
    with pytest.raises(DatabaseUnreachable):
        breaker.reach(away(database), "a test")
    with pytest.raises(BreakerOpen, match="cannot be reached"):
        breaker.reach(away(database), "a test")
    with pytest.raises(BreakerOpen) as caught:
        breaker.reach(database, "a test")  # it is there, and nobody looks
    assert (caught.value.wait > 250, caught.value.is_hopeless, caught.value.exit_code) == (True, False, 3)
    with store.begin() as connection:
        row = changes.not_closed(connection)["eu-1"]
    assert (row.state, row.by) == ("open", desk.host())
    assert "database eu-1 at 127.0.0.1:1/postgres cannot be reached" in row.reason


def test_a_server_that_refuses_our_password_was_reached(breakers, database, monkeypatch):
    with pytest.raises(DatabaseUnreachable):
        breaker.reach(away(database), "a test")
    monkeypatch.setenv("WRONG", "no such password")
    monkeypatch.setattr(desk, "access", lambda: Access(credential="env:WRONG"))
    with pytest.raises(WrongCredentials):
        breaker.reach(database, "a test")
    assert state(breakers).failures == 0


def test_a_connection_that_is_made_forgets_the_failures_before(breakers, database):
    with pytest.raises(DatabaseUnreachable):
        breaker.reach(away(database), "a test")
    with closing(breaker.reach(database, "a test")):
        assert state(breakers).failures == 0


@pytest.mark.parametrize(("statement", "failures"), [("SELECT 1/0", 0), ("SELECT pg_terminate_backend({pid})", 1)])
def test_a_connection_that_broke_counts_and_a_statement_that_was_refused_does_not(
    breakers, database, query, statement, failures
):
    with breaker.session_to(database, "a test") as session:
        pid = session.connection.info.backend_pid
        if failures:
            query("postgres", statement.format(pid=pid))
        with pytest.raises(Exception, match=r"division by zero|terminating|closed"):
            session.run("SELECT 1/0")
        session.roll_back()
    assert state(breakers).failures == failures


def test_a_probe_that_never_tried_gives_its_place_back(breakers, database, monkeypatch):
    for moment in (1.0, 2.0):
        breakers._store.run("failed", "eu-1", reason="refused", now=moment)
    monkeypatch.setattr(desk, "access", lambda: Access(credential="env:NOT_THERE"))
    with pytest.raises(Exception, match="gives no password"):
        breaker.reach(database, "a test")
    found = state(breakers)
    assert (found.state, found.probe, found.probe_until) == (BreakerState.HALF_OPEN, 1, 0.0)


def test_report_and_remarks_name_the_databases_whose_breaker_is_open(breakers, database, store):
    opened(store, targets(2))
    for _ in range(2):
        breakers.failed(database, Permit(), "it was refused")
    with store.begin() as connection:
        report = execution_report(connection, "e1", "running")
    assert [(each["database"], each["state"], each["reason"]) for each in report["breakers"]] == [
        ("eu-1", "open", "it was refused")
    ]
    assert remarks(report)[-1].startswith("breaker of eu-1 is open since")


def test_without_a_store_everybody_may_try(database, monkeypatch):
    none = Breakers(None, MOST, 600)
    monkeypatch.setattr(breaker, "breakers", lambda: none)
    for _ in range(5):
        with pytest.raises(DatabaseUnreachable):
            breaker.reach(away(database), "a test")
    breaker.reach(database, "a test").close()


def test_while_the_store_is_away_everybody_may_try_and_it_is_said_once(monkeypatch):
    found = Breakers(BreakerStore(f"redis://127.0.0.1:{free_port()}/0", MOST), MOST, 600)
    monkeypatch.setattr("tasks.breakers.AWAY_SECONDS", 0.0)
    with capture_logs() as logs:
        assert [found.allow("eu-1") for _ in range(5)] == [Permit()] * 5
        assert found.failed(DATABASE, Permit(), "refused") is None
    assert [line["event"] for line in logs] == ["breakers cannot be asked, every database is tried meanwhile"]


def test_when_the_store_is_back_the_breakers_work_again_and_it_is_said(valkey, breakers, database, monkeypatch):
    monkeypatch.setattr("tasks.breakers.AWAY_SECONDS", 0.0)
    valkey.stop()
    with capture_logs() as logs:
        assert breakers.allow("eu-1") == Permit()
        valkey.start()
        for _ in range(2):
            breakers.failed(database, Permit(), "refused")
        with pytest.raises(BreakerOpen):
            breakers.allow("eu-1")
    said = [line["event"] for line in logs]
    assert said == ["breakers cannot be asked, every database is tried meanwhile", "breakers can be asked again",
                    "breaker opened"]  # fmt: skip


def test_a_store_that_does_not_answer_is_left_alone_for_a_while(monkeypatch):
    class Refusing:
        asked = 0

        def run(self, *_, **__):
            self.asked += 1
            raise RedisConnectionError("refused")

    refusing = Refusing()
    found = Breakers(refusing, MOST, 600)
    for _ in range(5):
        found.allow("eu-1")
    assert refusing.asked == 1


def test_a_database_has_thresholds_of_its_own_where_the_registry_has_some(breakers, database, store):
    with store.begin() as connection:
        registry.change_database(connection, "eu-1", {"breaker_failures": 4, "breaker_open_seconds": 900.0})
        own = registry.find_database(connection, "eu-1")
    for failures in range(1, 5):
        breakers.failed(own, Permit(), "it was refused")
        assert (state(breakers).state is BreakerState.OPEN) is (failures == 4)
    answer = breakers.state("eu-1")
    assert answer.after.open_until - answer.now > 890
    with store.begin() as connection:
        registry.change_database(connection, "eu-1", {"breaker_failures": 0, "breaker_open_seconds": 0})
        again = registry.find_database(connection, "eu-1")
    assert (again.breaker_failures, own_thresholds(again, MOST)) == (None, MOST)


def test_what_a_breaker_did_is_a_line_with_fields(breakers, database):
    with capture_logs() as logs:
        for _ in range(2):
            breakers.failed(database, Permit(), "it was refused")
        breakers.forget("eu-1", "it moved")
    found = [(line["event"], line["database"], line["state"], line["reason"]) for line in logs]
    assert found == [
        ("breaker opened", "eu-1", "open", "it was refused"),
        ("breaker closed", "eu-1", "closed", "it moved"),
    ]
