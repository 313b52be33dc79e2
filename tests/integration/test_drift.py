"""``migrator drift``, ``schema fingerprint`` and ``schema diff`` over real schemas, without workers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import migrator
from migrator.fleet import registry
from migrator.folder import read_folder
from migrator.model.target import Database, DatabaseKind, Tenant
from migrator.schema.drift import differences, grouped, summary
from migrator.schema.engine import Engine
from migrator.schema.fingerprint import describe, fingerprints_of
from migrator.schema.rules import Rules
from migrator.schema.session import open_url

SHOP = Path(migrator.__file__).parents[1] / "examples" / "shop" / "migrations" / "tenant"
NAMES = [f"tenant_{number:03}" for number in range(200)]
SMALL = {"V1__orders.sql": "CREATE TABLE orders (id integer, total integer); CREATE INDEX by_total ON orders (total)"}


@pytest.fixture
def command(server, control):
    """Runs the ``migrator`` command as a person would; its exit code and its JSON document or what it said."""

    def run(*arguments, speaks_json=True):
        environment = os.environ | {
            "MIGRATOR_CONTROL_URL": server.url(control),
            "PGPASSFILE": str(server.passfile),
        }
        options = [*arguments, "--json"] if speaks_json else arguments
        done = subprocess.run(
            [sys.executable, "-m", "migrator.cli", *options],
            env=environment,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        said = done.stdout or done.stderr
        return done.returncode, json.loads(said) if speaks_json else said

    return run


@pytest.fixture
def fleet(server, store, new_database, query, folder):
    """Five migrated tenants in two databases, registered."""
    engine = Engine(folder(SMALL), Rules())
    names = {id_: new_database() for id_ in ("eu-1", "us-1")}
    with store.begin() as connection:
        for id_, name in names.items():
            found = Database(id_, name, DatabaseKind.TENANT, "127.0.0.1", server.port, "postgres")
            registry.add_database(connection, found)
        for number in range(5):
            place = ("eu-1", "us-1")[number % 2]
            registry.add_tenant(connection, Tenant(str(number), f"slug-{number}", place, f"t_{number}"))
    for number in range(5):
        session = open_url(server.url(names[("eu-1", "us-1")[number % 2]]))
        engine.migrate(session, f"t_{number}")
        session.close()
    return lambda number, statement: query(names[("eu-1", "us-1")[number % 2]], statement)


def test_three_of_two_hundred_schemas_altered_by_hand_are_found_and_told(session, ask):
    engine = Engine(read_folder(SHOP), Rules())
    for name in NAMES:
        engine.migrate(session, name)
    for name in NAMES[10:12]:
        ask(f"DROP INDEX {name}.orders_to_pack")
    ask("ALTER TABLE tenant_100.coupons ALTER COLUMN percent_off TYPE integer, ADD COLUMN more text")
    groups = grouped(fingerprints_of(session, NAMES))
    norm, *odd = [describe(session, group.members[0]) for group in groups]
    found = {other.fingerprint: differences(norm, other) for other in odd}
    assert [len(group.members) for group in groups] == [197, 2, 1]
    assert [group.members for group in groups[1:]] == [("tenant_010", "tenant_011"), ("tenant_100",)]
    assert summary(groups, found) == "197 identical, 2 miss index orders_to_pack, 1 odd"
    assert [str(difference) for difference in found[groups[2].fingerprint]] == [
        "+ column coupons.more: text",
        "~ column coupons.percent_off: smallint not null -> integer not null",
    ]


def test_a_fleet_without_drift_ends_with_0(command, fleet):
    code, document = command("drift")
    assert (code, document["drift"], document["errors"]) == (0, False, [])
    assert [(row["version"], row["summary"]) for row in document["peers"]] == [("1", "5 identical")]


def test_drift_across_databases_is_told_with_the_targets_and_the_lines_and_ends_with_1(command, fleet):
    fleet(3, "DROP INDEX t_3.by_total")
    code, said = command("drift", speaks_json=False)
    assert code == 1
    assert said.splitlines() == [
        "tenant at version 1: 4 identical, 1 misses index by_total",
        "  1: us-1/t_3",
        "    - index by_total on orders (total)",
    ]
    code, document = command("drift", "--scope", "tenant")
    assert (code, document["drift"]) == (1, True)
    assert document["peers"][0]["groups"][1]["targets"] == ["us-1/t_3"]


def test_only_the_targets_that_are_meant_are_looked_at(command, fleet):
    fleet(3, "DROP INDEX t_3.by_total")
    assert command("drift", "--database", "eu-1")[1]["peers"][0]["summary"] == "3 identical"


def test_targets_at_other_versions_differ_by_right(command, fleet):
    fleet(3, "DROP INDEX t_3.by_total")
    mark = '{"version":"0.9","digest":"d","execution":null,"since_rank":0,"begun":null,"statements":0}'
    fleet(3, f"COMMENT ON TABLE t_3.flyway_schema_history IS 'migrator {mark}'")
    code, document = command("drift")
    assert (code, [(row["version"], row["targets"]) for row in document["peers"]]) == (0, [("0.9", 1), ("1", 4)])


def test_a_target_whose_schema_is_gone_is_an_error_of_its_own(command, fleet):
    fleet(2, "DROP SCHEMA t_2 CASCADE")
    code, document = command("drift")
    assert (code, document["peers"][0]["summary"]) == (1, "4 identical")
    assert [error["target"] for error in document["errors"]] == ["eu-1/t_2"]


def test_one_schema_is_described_and_held_against_another(command, server, ask, database):
    ask("CREATE SCHEMA a1; CREATE TABLE a1.t (id integer); CREATE SCHEMA a2; CREATE TABLE a2.t (id bigint)")
    where = ["--url", server.url(database.name), "--schema", "a1"]
    code, document = command("schema", "fingerprint", *where, "--items")
    assert (code, document["count"]) == (0, 2)
    assert document["items"][0] == {"kind": "column", "name": "t.id", "definition": "integer"}
    assert command("schema", "diff", *where, "--with", "a1")[0] == 0
    code, said = command("schema", "diff", *where, "--with", "a2", speaks_json=False)
    assert (code, said.splitlines()[1:]) == (1, ["~ column t.id: integer -> bigint"])


def test_a_schema_that_does_not_exist_is_bad_usage(command, server, database):
    code, said = command(
        "schema", "fingerprint", "--url", server.url(database.name), "--schema", "absent", speaks_json=False
    )
    assert code == 2
    assert "has no schema absent" in said
