"""Names that PostgreSQL allows and careless code does not: each is created, migrated and dropped whole."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg2 import sql

from migrator.errors import MigratorError
from migrator.fleet import registry
from migrator.model.identifier import checked_schema_name
from migrator.model.target import Database, DatabaseKind, Tenant
from migrator.schema import engine, history
from migrator.schema.engine import Engine
from migrator.schema.history import HistoryTable
from migrator.schema.rules import Rules

TIMES = int(os.environ.get("FUZZ", "1"))
MANY = settings(
    max_examples=25 * TIMES, deadline=timedelta(seconds=30), suppress_health_check=[HealthCheck.function_scoped_fixture]
)
HOSTILE = (
    *(
        "a'b",
        'a"b',
        'x"; DROP SCHEMA public CASCADE; --',
        "x'; SELECT 1; --",
        "100%",
        "%s",
        "%(x)s",
        "$1",
        "$$",
        "a\nb",
    ),
    *(
        "back\\slash",
        "E'\\x41'",
        "tab\there",
        "ünïcode",
        "名前",
        "𝄞",
        "{0}",
        "{schema}",
        ":name",
        "a.b",
        " ",
        "-",
        "--x",
    ),
    *("/*", "select", "x" * 63, "ä" * 31, "😀" * 15),
)
names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1).filter(
    lambda name: len(name.encode()) <= 63 and not name.lower().startswith("pg_")
)


@pytest.fixture
def no_door(monkeypatch):
    """The engine as it would be if it took any name: what lies below must quote it all the same."""
    monkeypatch.setattr(engine, "checked_schema_name", lambda name: name)


def with_every(*values):
    def mark(test):
        for value in values:
            test = example(value)(test)
        return test

    return mark


@given(names)
@with_every(*HOSTILE)
@MANY
def test_the_engine_migrates_exactly_the_schema_that_is_named(session, ask, folder, no_door, name):

    read = folder(
        {"V1__account.sql": "CREATE TABLE account (id int);", "V2__more.sql": "ALTER TABLE account ADD n int;"}
    )
    before = schemas(ask)
    Engine(read, Rules(shared_schemas=())).migrate(session, name)
    assert schemas(ask) - before == {name}
    applied = [row.script for row in history.read(session, HistoryTable(name)).rows]
    assert applied == ["V1__account.sql", "V2__more.sql"]
    session.run(session.text(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(name))))
    assert schemas(ask) == before


def schemas(ask) -> set[str]:
    return {name for (name,) in ask("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_(temp|toast)'")}


@pytest.mark.parametrize("name", [each for each in HOSTILE if each not in ("select", "x" * 63)])
def test_the_door_refuses_it_as_a_schema_name(name):
    with pytest.raises(MigratorError):
        checked_schema_name(name)


@given(names)
@with_every(*HOSTILE)
@MANY
def test_a_tenant_of_any_name_is_found_under_exactly_that_name(store, name):
    home = Database("eu-1", "x", DatabaseKind.TENANT, "127.0.0.1", 5432, "postgres")
    with store.begin() as connection:
        registry.add_database(connection, home)
        registry.add_tenant(connection, Tenant(name, name, "eu-1", "tenant_x"))
        found = [(tenant.id, tenant.slug) for tenant in registry.tenants(connection)]
        connection.rollback()
    assert (name, name) in found
