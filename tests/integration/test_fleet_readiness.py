"""May I assume version V for tenant T: what the ledger answers, by one query that needs no scan."""

from __future__ import annotations

import subprocess
import sys

import pytest
from small_fleet import done, failed, found, lane, opened
from sqlalchemy import text

from migrator import client
from migrator.errors import SettingsMissing, UnknownTenant
from migrator.fleet import claims, facts, readiness, registry
from migrator.fleet.store import QUERIES
from migrator.model.readiness import ReadyState


@pytest.fixture
def look(store):
    def asked(tenant, version=None):
        with store.begin() as connection:
            return readiness.look(connection, tenant, version)

    return asked


def tenant_of(store, schema):
    with store.begin() as connection:
        return next(each.id for each in registry.tenants(connection) if each.schema_name == schema)


def test_a_tenant_is_ready_once_an_execution_brought_it_there(store, claim, write, look):
    opened(store, found(2))
    one, other = claim(lane())
    ids = [tenant_of(store, each.schema_name) for each in (one, other)]
    assert look(ids[0], "2").state is ReadyState.UNKNOWN
    write(done(one, "V1__a.sql", "V2__b.sql"), failed(other))
    ready = look(ids[0], "2")
    assert (ready.state, ready.version, ready.execution) == (ReadyState.READY, "2", "e1")
    assert ready.since is not None
    assert look(ids[0], "3").state is ReadyState.BEHIND
    assert look(ids[1], "1").state is ReadyState.UNKNOWN


def test_a_tenant_that_is_retired_is_not_ready(store, claim, write, look):
    opened(store, found(1))
    (one,) = claim(lane())
    id_ = tenant_of(store, one.schema_name)
    write(done(one, "V1__a.sql"))
    with store.begin() as connection:
        registry.retire_tenant(connection, id_)
    assert look(id_, "1").state is ReadyState.RETIRED


def test_one_that_is_taken_back_half_way_is_not_ready_for_anything(store, claim, write, look):
    opened(store, found(1))
    (one,) = claim(lane())
    id_ = tenant_of(store, one.schema_name)
    write(done(one, "V1__a.sql", "V2__b.sql"))
    with store.begin() as connection:
        connection.execute(text("UPDATE execution SET kind = 'rollback'"))
        connection.execute(text("UPDATE outcome SET state = 'failed', error_message = 'lost'"))
    assert look(id_, "1").state is ReadyState.CHANGING


def test_an_unknown_tenant_is_an_error_and_no_answer(look):
    with pytest.raises(UnknownTenant):
        look("nobody", "1")


def test_the_question_reads_by_keys_alone_however_many_executions_there_are(store, claim, write):
    opened(store, found(1))
    (one,) = claim(lane())
    write(done(one, "V1__a.sql"))
    id_ = tenant_of(store, one.schema_name)
    with store.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO event (id, type) SELECT 'x' || n, 'migration.requested' FROM generate_series(1, 3000) AS n"
            )
        )
        connection.execute(
            text(
                "INSERT INTO execution (id, state, requested_by, waves, total, finished_at, created_at)"
                " SELECT 'x' || n, 'completed', 'ann', 1, 1, now(), now() - n * interval '1 day'"
                " FROM generate_series(1, 3000) AS n"
            )
        )
        connection.execute(
            text(
                "INSERT INTO outcome (execution_id, database_id, schema_name, scope, wave, state, finished_at)"
                " SELECT 'x' || n, 'eu-1', 'other_' || m, 'tenant', 1, 'done', now()"
                " FROM generate_series(1, 3000) AS n, generate_series(1, 3) AS m"
            )
        )
        connection.execute(text("ANALYZE execution, outcome, event"))
        explained = connection.execute(text("EXPLAIN (ANALYZE) " + str(QUERIES["readiness"])), {"tenant": id_})
        plan = "\n".join(row[0] for row in explained)
    assert "using outcome_ended" in plan, plan
    assert "Seq Scan on outcome" not in plan, plan
    assert "Seq Scan on execution" not in plan, plan
    assert "loops=3000" not in plan, plan


def test_what_ended_last_counts_and_only_looked_for_drift_tells_no_version(store, claim, write, look):
    opened(store, found(1))
    (one,) = claim(lane())
    write(done(one, "V1__a.sql", "V2__b.sql"))
    id_ = tenant_of(store, one.schema_name)
    opened(store, found(1), "e2")
    (again,) = claim(lane(execution="e2"))
    with store.begin() as connection:
        claims.write_outcomes(connection, "e2", [done(again, "V3__c.sql")])
    assert look(id_, "2").execution == "e2"
    with store.begin() as connection:
        connection.execute(text("UPDATE execution SET kind = 'drift' WHERE id = 'e2'"))
    assert look(id_, "2").execution == "e1"


def test_an_application_asks_without_tasks_and_config(server, control, store, claim, write):
    opened(store, found(1))
    (one,) = claim(lane())
    write(done(one, "V1__a.sql"))
    id_ = tenant_of(store, one.schema_name)
    script = (
        "import sys; from migrator.client import ready, readiness\n"
        f"print(ready({id_!r}, '2'), ready({id_!r}, '3'), readiness({id_!r}).version)\n"
        "print([name for name in ('tasks', 'config') if name in sys.modules])"
    )
    environment = {"MIGRATOR_CONTROL_URL": server.url(control), "PATH": "/usr/bin:/bin"}
    asked = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert asked.stdout.splitlines() == ["True False 2", "[]"]


def test_without_a_control_database_the_variable_is_named(monkeypatch):
    monkeypatch.delenv("MIGRATOR_CONTROL_URL", raising=False)
    with pytest.raises(SettingsMissing, match="MIGRATOR_CONTROL_URL"):
        client.ready("7", "1")


def test_outcomes_of_one_schema_come_newest_first(store, claim, write):
    opened(store, found(2))
    one, _ = claim(lane())
    write(failed(one))
    with store.begin() as connection:
        (only,) = facts.outcomes_of(connection, "eu-1", one.schema_name, 10)
        assert facts.count_tenants(connection, "eu-1") == 2
        assert [(row.id, row.running) for row in facts.at_work(connection, "eu-1")] == [("e1", 1)]
    assert (only.execution_id, only.state, only.kind) == ("e1", "failed", "migrate")
