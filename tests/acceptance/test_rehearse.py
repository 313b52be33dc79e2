"""Trying a change out before it is made: rehearsals in clones, and the check of every target."""

from __future__ import annotations

import json

import pytest

from tests.acceptance.fleet import FIRST, SECOND

NO_BROKER = {"MIGRATOR_BROKER_URL": "redis://127.0.0.1:1/0"}
HOMES = ("one", "two")


@pytest.fixture
def at_one(fleet):
    """Six tenants at version 1; tenant 4 has an index besides, and tenant 5 most rows. Version 2 is pending."""
    fleet.write("V1__account.sql", FIRST)
    fleet.register(tenants=6)
    for number in range(1, 7):
        where = ["--url", fleet.services.postgres.url(fleet.names[HOMES[number % 2]])]
        tenant = ["--schema", f"tenant_{number}", "--folder", str(fleet.migrations / "tenant")]
        assert fleet.command("schema", "up", *where, *tenant).returncode == 0
    fleet.rows("one", "CREATE INDEX by_hand ON tenant_4.account (id, name)")
    fleet.rows("two", "INSERT INTO tenant_5.account SELECT n, 'x' FROM generate_series(1, 5000) AS n")
    fleet.write("V2__orders.sql", SECOND + "\nCREATE TABLE orders (id int);")
    fleet.write("U2__orders.sql", "DROP TABLE orders; DROP INDEX account_name;")
    return fleet


def said(fleet, *words):
    done = fleet.command(*words, "--json", **NO_BROKER, MIGRATOR_PG_BIN=str(fleet.services.postgres.bin))
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def scratches(fleet):
    query = "SELECT nspname FROM pg_namespace WHERE nspname ^@ 'migrator_scratch'"
    return [row for name in HOMES for row in fleet.rows(name, query)]


def test_the_largest_the_smallest_and_an_odd_target_are_rehearsed_and_none_is_touched(at_one):
    code, found = said(at_one, "rehearse")
    schemas = [each["schema"] for each in found["rehearsals"]]
    assert (code, schemas[0], len(schemas), "tenant_4" in schemas) == (0, "tenant_5", 3, True)
    for each in found["rehearsals"]:
        [migration] = each["migrations"]
        assert (migration["script"], migration["way_back"], migration["differences"]) == ("V2__orders.sql", "undo", [])
        assert {"relation": "account", "mode": "SHARE"} in migration["locks"]
    [drift] = found["check"]["drift"]
    assert (drift["version"], drift["alike"], drift["odd"]) == ("1", 5, [["one/tenant_4"]])
    assert scratches(at_one) == []
    assert at_one.history("two", "tenant_5") == ["V1__account.sql"]


def test_an_undo_that_is_not_exact_is_told_and_ends_with_1(at_one):
    at_one.write("U2__orders.sql", "DROP INDEX account_name;")
    code, found = said(at_one, "rehearse", "--tenant", "1", "--tenants", "1")
    [rehearsal] = found["rehearsals"]
    assert (code, rehearsal["fine"]) == (1, False)
    assert any("table orders" in line for line in rehearsal["migrations"][0]["differences"])
    tools = {"MIGRATOR_PG_BIN": str(at_one.services.postgres.bin)}
    person = at_one.command("rehearse", "--tenant", "1", **NO_BROKER, **tools).stdout
    assert "taken back by its undo and not as before" in person


def test_nothing_pending_is_a_sentence(fleet):
    fleet.write("V1__account.sql", FIRST)
    done = fleet.command("rehearse", **NO_BROKER)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "nothing is pending, so nothing was rehearsed")


def test_the_plan_tells_collisions_and_odd_targets_of_the_whole_fleet(at_one):
    at_one.rows("two", "CREATE TABLE tenant_3.orders (by_hand int)")
    code, found = said(at_one, "plan", "--check")
    [collision] = found["check"]["collisions"]
    assert (code, collision["target"]) == (1, "two/tenant_3")
    assert (collision["kind"], collision["name"], collision["script"], collision["line"]) == (
        "table",
        "orders",
        "V2__orders.sql",
        2,
    )
    person = at_one.command("plan", "--check", **NO_BROKER).stdout
    assert "two/tenant_3: V2__orders.sql:2 would make table orders, which schema tenant_3 has already" in person
    assert "odd: " in person
    assert "check" not in said(at_one, "plan")[1]


@pytest.mark.usefixtures("celery_setup")
def test_a_target_with_a_colliding_table_is_refused_and_untouched_and_a_retry_takes_it_up(at_one):
    at_one.rows("two", "CREATE TABLE tenant_3.orders (by_hand int)")
    code, report = at_one.command_json("migrate", "--check")
    assert (code, report["state"], report["total"], report["done"], report["failed"]) == (1, "failed", 6, 5, 1)
    [failure] = report["failures"]
    assert failure["schema"] == "tenant_3"
    assert "V2__orders.sql:2 would make table orders, which schema tenant_3 has already" in failure["message"]
    assert at_one.history("two", "tenant_3") == ["V1__account.sql"]
    assert at_one.history("two", "tenant_1") == ["V1__account.sql", "V2__orders.sql"]
    at_one.rows("two", "DROP TABLE tenant_3.orders")
    assert at_one.command("retry", report["execution"]).returncode == 0
    assert at_one.command("watch", report["execution"]).returncode == 0
    assert at_one.history("two", "tenant_3") == ["V1__account.sql", "V2__orders.sql"]
