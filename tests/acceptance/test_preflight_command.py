"""Asking before a wave, as an operator does: over the fleet, and for one schema."""

from __future__ import annotations

import json

from migrator.errors import EXIT_REFUSED
from migrator.fleet import registry


def by_database(document):
    return {found["database"]: found for found in document["databases"]}


def test_every_registered_database_is_looked_at_once(fleet):
    fleet.register(tenants=2)
    code, document = fleet.command_json("preflight")
    assert code == 0
    found = by_database(document)
    assert {name: one["verdict"] for name, one in found.items()} == {"one": "ok", "two": "ok"}
    assert [check["name"] for check in found["one"]["checks"]][:3] == ["reachable", "version", "writable"]


def test_one_database_that_says_stop_is_a_guard_and_the_others_are_still_told(fleet):
    fleet.register(tenants=2)
    fleet.rows("two", f"ALTER DATABASE {fleet.names['two']} SET default_transaction_read_only = on")
    code, document = fleet.command_json("preflight")
    assert code == EXIT_REFUSED
    assert {name: one["verdict"] for name, one in by_database(document).items()} == {"one": "ok", "two": "stop"}
    assert fleet.command_json("preflight", "--database", "one")[0] == 0


def test_a_database_that_is_not_there_is_a_stop_with_the_reason_for_people(fleet):
    with fleet.store.begin() as connection:
        registry.add_database(connection, fleet.database("one", port=1))
    done = fleet.command("preflight")
    assert done.returncode == EXIT_REFUSED
    assert "reachable" in done.stdout
    assert "cannot be reached" in done.stdout
    assert "check its address" in done.stdout


def test_a_database_that_is_not_registered_is_bad_usage(fleet):
    done = fleet.command("preflight", "--database", "nowhere")
    assert done.returncode == 2
    assert "no registered target has database nowhere" in done.stderr


def test_an_empty_fleet_is_said(fleet):
    done = fleet.command("preflight")
    assert (done.returncode, "no database is registered" in done.stdout) == (0, True)


def test_one_schema_is_looked_at_with_no_broker_and_no_control_database(fleet):
    nothing = {"MIGRATOR_CONTROL_URL": "", "MIGRATOR_BROKER_URL": ""}
    url = fleet.services.postgres.url(fleet.names["one"])
    where = ["schema", "preflight", "--url", url, "--schema", "tenant_solo"]
    done = fleet.command(*where, "--json", **nothing)
    assert (done.returncode, json.loads(done.stdout)["database"]) == (0, fleet.names["one"])
    crowded = fleet.command(*where, "--lanes", "100000", **nothing)
    assert crowded.returncode == EXIT_REFUSED
    assert "100000 are needed for lanes; close idle connections, raise the limit, or use fewer lanes" in crowded.stdout
