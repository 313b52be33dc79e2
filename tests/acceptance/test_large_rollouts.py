"""Rollouts over 500 tenants in four databases: they halt, wait and are called off, and the schemas say so."""

from __future__ import annotations

from uuid import uuid4

import pytest

import tasks
from migrator.errors import ExecutionFailed
from tests.acceptance.catalogs import histories, migrate_here, relations, scripts
from tests.acceptance.fleet import FIRST
from tests.acceptance.nodes import wait_until

TENANTS = 500
BROKEN = range(105, 300, 13)
"""3 % of them, all in the first half by name: without a budget the wave behind the canary would meet every one."""
COUNTED = "SELECT nextval(to_regclass('tried'));"
"""Where a schema has this sequence it says whether anybody tried, also when that was taken back."""
SLOW = "SELECT pg_sleep(0.02);"
NEXT = {
    "V2__entry.sql": "ALTER TABLE account ADD COLUMN note text; CREATE INDEX account_note ON account (note);"
    f"{SLOW} CREATE TABLE entry (id int PRIMARY KEY);"
}
LEDGER_NOW = """SELECT sum(fence), count(*) FILTER (WHERE state = 'running'),
    clock_timestamp() > action.at + interval '{} s'
FROM migrator.outcome JOIN migrator.action USING (execution_id)
WHERE execution_id = '{}' AND action = 'pause' GROUP BY action.at"""
OLD, NEW = {"account", "account_pkey"}, {"account", "account_pkey", "account_note", "entry", "entry_pkey"}


@pytest.fixture
def tenant_databases():
    return ("one", "two", "three", "four")


@pytest.fixture
def worker_settings():
    return {"MIGRATOR_LANES": "2", "MIGRATOR_UPKEEP_EVERY": "0.5", "MIGRATOR_LANE_SLICE": "1"}


def request(**more):
    return {"request_id": uuid4().hex, "scope": "tenant", "requested_by": "a test", **more}


def reached(fleet, execution_id, done):
    return lambda: (row := fleet.execution(execution_id)) and row.done >= done


def in_state(fleet, execution_id, state):
    return {name for name, row in fleet.outcomes(execution_id).items() if row.state == state}


def break_(fleet):
    """Some tenants have a table already that the migration wants to make, and count who tries."""
    for name in fleet.databases:
        for_each(fleet, name, "CREATE SCHEMA {0}; CREATE TABLE {0}.account (); CREATE SEQUENCE {0}.tried;")


def repair(fleet):
    for name in fleet.databases:
        for_each(fleet, name, "DROP TABLE {0}.account;")


def for_each(fleet, name, statements):
    broken = [f"tenant_{number}" for number in BROKEN if fleet.home(number) == name]
    fleet.rows(name, "".join(map(statements.format, broken)))


def migrated(fleet):
    """The schemas that have what the migration makes."""
    return {schema for schema, names in relations(fleet).items() if names - {"tried"} == OLD}


def tried(fleet):
    query = "SELECT schemaname FROM pg_sequences WHERE sequencename = 'tried' AND last_value IS NOT NULL"
    return {schema for name in fleet.databases for (schema,) in fleet.rows(name, query)}


@pytest.fixture
def halted(fleet, celery_setup):
    """An execution that 3 % of its 500 targets would fail in, and of which 1 % may; its id and its report."""
    fleet.write("V1__account.sql", COUNTED + FIRST)
    fleet.register(TENANTS)
    break_(fleet)
    sent = tasks.migration_requested.delay(**request(max_failures="1%", wave_size="50%"))
    with pytest.raises(ExecutionFailed) as raised:
        sent.get(timeout=60)
    return sent.id, raised.value.report


def test_of_500_tenants_in_4_databases_those_behind_the_first_wave_are_spared_when_3_per_cent_fail(fleet, halted):
    execution, report = halted
    assert (report["state"], report["total"], report["wave"], report["waves"]) == ("halted", TENANTS, 2, 3)
    assert 5 < report["failed"] <= 5 + 3  # at the most one more for each process that was at work
    done, failed, untouched = (in_state(fleet, execution, state) for state in ("done", "failed", "pending"))
    assert len(done) + len(failed) + len(untouched) == TENANTS
    assert (report["done"], report["failed"], report["untouched"]) == (len(done), len(failed), len(untouched))
    assert untouched > {name for name, row in fleet.outcomes(execution).items() if row.wave == 3}
    assert (done, failed) == (migrated(fleet), tried(fleet) - migrated(fleet))
    assert set(histories(fleet)) == done


def test_a_retry_after_the_repair_finishes_what_is_left_of_500_tenants_and_touches_nothing_else(fleet, halted):
    execution, _ = halted
    before = histories(fleet)
    repair(fleet)
    assert fleet.command("retry", execution).returncode == 0
    row = wait_until(lambda: (row := fleet.execution(execution)).finished_at and row, "it did not end", 60)
    assert (row.state, row.done, row.failed) == ("completed", TENANTS, 0)
    after = histories(fleet)
    assert {schema: after[schema] for schema in before} == before
    assert (len(after), {len(rows) for rows in after.values()}) == (TENANTS, {1})
    assert len(migrated(fleet)) == TENANTS


def test_within_2_s_of_a_pause_nothing_of_500_tenants_is_claimed_any_more_and_a_resume_finishes(fleet, celery_setup):
    fleet.write("V1__account.sql", FIRST + SLOW)
    fleet.register(TENANTS)
    sent = tasks.migration_requested.delay(**request())
    wait_until(reached(fleet, sent.id, 50))
    assert fleet.command("pause", sent.id).returncode == 0
    [(claims, _, _)] = wait_until(lambda: passed(fleet, sent.id, 2))
    assert wait_until(lambda: passed(fleet, sent.id, 4)) == [(claims, 0, True)]
    [(paused_at,)] = fleet.rows("control", f"SELECT at FROM migrator.action WHERE execution_id = '{sent.id}'")
    begun = [row[4] for rows in histories(fleet).values() for row in rows]
    assert 50 <= len(begun) < TENANTS
    assert (max(begun) - paused_at).total_seconds() <= 2
    assert fleet.command("resume", sent.id).returncode == 0
    report = sent.get(timeout=60)
    assert (report["state"], report["done"], report["failed"]) == ("completed", TENANTS, 0)
    assert set(map(tuple, scripts(fleet).values())) == {("V1__account.sql",)}
    assert len(scripts(fleet)) == TENANTS


def passed(fleet, execution_id, seconds):
    """Claims so far and how many are held, once so many seconds of the ledger's clock have passed since the pause."""
    found = fleet.rows("control", LEDGER_NOW.format(seconds, execution_id))
    return found[0][2] and found


def test_a_cancel_in_the_middle_of_500_tenants_leaves_each_schema_wholly_at_the_old_or_the_new_version(
    fleet, celery_setup
):
    fleet.write("V1__account.sql", FIRST)
    fleet.register(TENANTS)
    migrate_here(fleet, TENANTS)
    for name, text in NEXT.items():
        fleet.write(name, text)
    sent = tasks.migration_requested.delay(**request())
    wait_until(reached(fleet, sent.id, 100))
    assert fleet.command("cancel", sent.id).returncode == 0
    with pytest.raises(ExecutionFailed, match="cancelled by"):
        sent.get(timeout=30)
    wait_until(lambda: not in_state(fleet, sent.id, "running"), "some are held still")
    new = in_state(fleet, sent.id, "done")
    assert (fleet.execution(sent.id).state, 100 <= len(new) < TENANTS) == ("cancelled", True)
    found = relations(fleet)
    assert {schema for schema, names in found.items() if names == NEW} == new
    assert {schema for schema, names in found.items() if names == OLD} == set(found) - new
    assert {schema for schema, applied in scripts(fleet).items() if "V2__entry.sql" in applied} == new
    assert len(found) == TENANTS
