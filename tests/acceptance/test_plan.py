"""``migrator plan``: what would run where, without workers, without a broker, and without touching anything."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from migrator.fleet import registry
from migrator.model.target import DatabaseKind
from tests.acceptance.fleet import FIRST, SECOND

THIRD = "DROP TABLE account; -- :key: [bold]and {braces}[/bold]"
NO_BROKER = {"MIGRATOR_BROKER_URL": "redis://127.0.0.1:1/0"}


@pytest.fixture
def three_states(fleet):
    """Six tenants over two databases: one is current, two are at version 1, three are fresh."""
    fleet.write("V1__account.sql", FIRST)
    fleet.write("V2__account_name.sql", SECOND)
    fleet.write("U2__account_name.sql", "DROP INDEX account_name;")
    fleet.write("V3__no_accounts.sql", THIRD)
    fleet.register(tenants=6)
    bring(fleet, "two", "tenant_1", "3")
    bring(fleet, "one", "tenant_2", "1")
    bring(fleet, "two", "tenant_3", "1")
    return fleet


def bring(fleet, name, schema, to):
    where = ["--url", fleet.services.postgres.url(fleet.names[name]), "--schema", schema]
    done = fleet.command("schema", "up", *where, "--folder", str(fleet.migrations / "tenant"), "--to", to)
    assert done.returncode == 0, done.stderr


def planned(fleet, *options, code=0):
    done = fleet.command("plan", *options, "--json", **NO_BROKER)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def test_targets_in_the_same_state_are_one_group_with_what_is_pending_there(three_states):
    found = planned(three_states)
    assert (found["behind"], found["current"]) == (5, 1)
    fresh, started = found["groups"]
    assert (fresh["version"], fresh["targets"], fresh["databases"]) == (None, 3, {"one": 2, "two": 1})
    assert [each["script"] for each in fresh["pending"]] == [
        "V1__account.sql",
        "V2__account_name.sql",
        "V3__no_accounts.sql",
    ]
    assert (started["version"], started["targets"], started["databases"]) == ("1", 2, {"one": 1, "two": 1})
    assert [each["script"] for each in started["pending"]] == ["V2__account_name.sql", "V3__no_accounts.sql"]
    index, drop = started["pending"]
    assert (index["way_back"], index["destroys"]) == ("undo", [])
    assert (drop["way_back"], drop["destroys"]) == (None, ["drops table account"])
    assert three_states.schemas("one") == {"tenant_2"}
    assert three_states.history("one", "tenant_2") == ["V1__account.sql"]


def test_waves_are_shown_with_the_canary_first_and_counted_by_database(three_states):
    [stage] = planned(three_states, "--canary-tenant", "2", "--wave-size", "3")["stages"]
    assert (stage["scope"], stage["to"]) == ("tenant", None)
    assert [(wave["canary"], wave["targets"]) for wave in stage["waves"]] == [(True, 1), (False, 3), (False, 1)]
    assert stage["waves"][0]["databases"] == {"one": 1}


def test_a_person_reads_counts_warnings_and_ways_back(three_states):
    said = three_states.command("plan", "--targets", **NO_BROKER).stdout
    assert "5 targets are behind, 1 are current; nothing was changed" in said
    assert "stage 1: 3 of scope tenant, fresh (one 2, two 1)" in said
    assert "destroys: drops table account" in said
    assert "way back: a written undo" in said
    assert "no way back: V3__no_accounts.sql" in said
    assert "how long it takes is not known" in said
    [line] = [line for line in said.splitlines() if line.startswith("two/tenant_3")]
    assert line.split()[-2:] == ["V2__account_name.sql,", "V3__no_accounts.sql"]
    assert "two/tenant_1" not in said


def test_the_sql_is_printed_in_order_and_can_be_given_to_a_server(three_states):
    three_states.write("V4__later.py", "def apply(connection):\n    pass\n")
    three_states.write("V5__index.sql", "CREATE INDEX CONCURRENTLY later ON account (id);")
    said = three_states.command("plan", "--sql", "--tenant", "3", **NO_BROKER).stdout
    assert [line for line in said.splitlines() if line] == [
        "-- stage 1, scope tenant: V2__account_name.sql",
        SECOND,
        "-- stage 1, scope tenant: V3__no_accounts.sql",
        THIRD,
        "-- stage 1, scope tenant: V4__later.py",
        f"-- code and not SQL: later, {three_states.migrations}/tenant/V4__later.py",
        "-- stage 1, scope tenant: V5__index.sql, outside a transaction",
        "CREATE INDEX CONCURRENTLY later ON account (id);",
    ]


def test_a_history_that_is_in_the_way_is_said_for_its_group_alone(three_states):
    three_states.write("V1__account.sql", FIRST + " -- changed")
    found = planned(three_states, code=1)
    stopped = [group for group in found["groups"] if group["obstacle"]]
    assert sum(group["targets"] for group in stopped) == 3
    assert all("V1__account.sql was changed after it was applied" in group["obstacle"] for group in stopped)
    assert [group["targets"] for group in found["groups"] if not group["obstacle"]] == [3]


def test_a_database_that_cannot_be_asked_is_in_the_plan_with_the_reason(three_states):
    three_states.rows("control", "UPDATE migrator.database SET port = 1 WHERE id = 'two'")
    found = planned(three_states, code=1)
    [silent] = [group for group in found["groups"] if group["obstacle"]]
    assert silent["databases"] == {"two": 3}
    assert "database two at 127.0.0.1:1/" in silent["obstacle"]


def test_a_fleet_that_another_tool_brought_along_is_told_by_its_histories(three_states):
    three_states.rows("one", "COMMENT ON TABLE tenant_2.flyway_schema_history IS NULL")
    found = planned(three_states, "--database", "one")
    assert {group["version"]: group["targets"] for group in found["groups"]} == {None: 2, "1": 1}


def test_a_plan_of_nothing_is_a_sentence(three_states):
    assert three_states.command("plan", "--tenant", "1", **NO_BROKER).stdout == (
        "0 targets are behind, 1 are current; nothing was changed\n"
    )


@pytest.mark.usefixtures("celery_setup")
def test_the_time_is_expected_from_what_the_same_took_before(fleet):
    fleet.write("V1__account.sql", FIRST + "SELECT pg_sleep(0.2);")
    fleet.register(tenants=6, databases=("one",))
    assert fleet.command("migrate", "--tenant", "1", "--tenant", "2").returncode == 0
    found = planned(fleet)
    [group] = found["groups"]
    assert (group["targets"], group["past_outcomes"]) == (4, 2)
    assert 0.2 <= group["expected_seconds"] < 2
    assert group["expected_seconds"] < found["expected_seconds"] <= 4 * group["expected_seconds"]


@pytest.fixture
def crossed(fleet):
    """Admin's second migration needs the tenants' first, whose second needs the regional first."""
    fleet.write("V1__plan.sql", "CREATE TABLE plan (id int);", scope="admin")
    fleet.write("V2__late.sql", "-- migrator: depends=tenant:1\nCREATE TABLE late (id int);", scope="admin")
    fleet.write("R__plans.sql", "CREATE OR REPLACE VIEW plans AS SELECT plan.id FROM plan, late;", scope="admin")
    fleet.write("V1__country.sql", "CREATE TABLE country (code text);", scope="regional")
    fleet.write("V1__account.sql", FIRST)
    fleet.write("V2__account_name.sql", "-- migrator: depends=regional:1, depends=admin:2\n" + SECOND)
    fleet.register(tenants=4, databases=("one",))
    fleet.names["three"] = f"three_{fleet.suffix}"
    fleet.services.postgres.create_database(fleet.names["three"])
    with fleet.store.begin() as connection:
        for name, kind in (("two", DatabaseKind.ADMIN), ("three", DatabaseKind.SHARED)):
            registry.add_database(connection, replace(fleet.database(name), kind=kind))
    return fleet


def test_a_scope_is_cut_into_stages_where_migrations_depend_on_each_other(crossed):
    found = planned(crossed)
    assert [(stage["scope"], stage["to"]) for stage in found["stages"]] == [
        ("admin", "1"),
        ("regional", None),
        ("tenant", "1"),
        ("admin", None),
        ("tenant", None),
    ]
    pending = [[each["script"] for each in group["pending"]] for group in found["groups"]]
    assert pending == [
        ["V1__plan.sql"],
        ["V1__country.sql"],
        ["V1__account.sql"],
        ["V2__late.sql", "R__plans.sql"],
        ["V2__account_name.sql"],
    ]


def test_what_is_needed_and_neither_there_nor_asked_for_is_refused_by_name(crossed):
    done = crossed.command("plan", "--scope", "tenant", **NO_BROKER)
    assert done.returncode == 2
    assert "V2__account_name.sql:1 needs regional version 1, and three/public is fresh" in done.stderr
    assert "V2__account_name.sql:1 needs admin version 2, and two/public is fresh" in done.stderr
    assert "Migrate scope admin and regional first, or ask for all scopes at once" in done.stderr
    assert crossed.command("plan", "--scope", "tenant", "--to", "1", **NO_BROKER).returncode == 0


def test_a_circle_is_refused_and_drawn(crossed):
    crossed.write("V1__account.sql", "-- migrator: depends=admin:2\n" + FIRST)
    done = crossed.command("plan", **NO_BROKER)
    assert done.returncode == 2
    assert "admin:2 V2__late.sql:1 -> tenant:1 V1__account.sql:1 -> admin:2 V2__late.sql:1" in done.stderr


@pytest.mark.usefixtures("celery_setup")
def test_scopes_that_depend_on_each_other_are_migrated_in_their_stages(crossed):
    code, report = crossed.command_json("migrate")
    assert (code, report["failed"]) == (0, 0)
    assert crossed.history("two", "public") == ["V1__plan.sql", "V2__late.sql", "R__plans.sql"]
    assert crossed.history("one", "tenant_1") == ["V1__account.sql", "V2__account_name.sql"]
    assert stages_applied(crossed) == [
        (1, ["V1__plan.sql"]),
        (2, ["V1__country.sql"]),
        (3, ["V1__account.sql"]),
        (4, ["V2__late.sql", "R__plans.sql"]),
        (5, ["V2__account_name.sql"]),
    ]
    assert planned(crossed) | {"groups": [], "targets": []} == {
        "behind": 0,
        "current": 6,
        "expected_seconds": 0.0,
        "stages": [],
        "groups": [],
        "targets": [],
    }


def stages_applied(fleet):
    """What each stage applied, in the order in which its first target was done."""
    query = "SELECT stage, applied FROM migrator.outcome GROUP BY stage, applied ORDER BY min(finished_at)"
    return [tuple(row) for row in fleet.rows("control", query)]


@pytest.mark.usefixtures("celery_setup")
def test_a_tenant_is_not_made_before_what_it_depends_on_is_there(crossed):
    where = ["--database", "one", "--schema", "tenant_9"]
    refused = crossed.command("tenant", "add", "9", *where, MIGRATOR_RETRY_BACKOFF="0.01")
    assert refused.returncode == 2
    said = " ".join(refused.stdout.split())
    assert "V2__account_name.sql:1 needs regional version 1, and three/public is fresh" in said
    assert "tenant_9" not in crossed.schemas("one")
    assert crossed.command("migrate").returncode == 0
    assert crossed.history("one", "tenant_9") == ["V1__account.sql", "V2__account_name.sql"]


def test_the_smallest_targets_come_first_when_that_was_asked_for(fleet):
    fleet.write("V1__account.sql", FIRST)
    fleet.register(tenants=3, databases=("one",))
    for number, count in ((1, 5000), (2, 10), (3, 20000)):
        fleet.rows("one", f"CREATE SCHEMA tenant_{number}")
        fleet.rows("one", f"CREATE TABLE tenant_{number}.old AS SELECT generate_series(1, {count}) AS n")
    code, found = fleet.command_json("plan", "--targets", "--order", "smallest")
    assert code == 0
    assert [each["schema"] for each in found["targets"]] == ["tenant_2", "tenant_1", "tenant_3"]
