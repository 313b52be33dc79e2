"""The registry: databases, tenants, and the targets they make."""

from __future__ import annotations

from dataclasses import replace

import pytest
from small_fleet import database, tenant
from waiting import eventually, meanwhile

from migrator.errors import DatabaseConflict, TenantConflict, UnknownDatabase, UnknownTenant
from migrator.fleet import registry
from migrator.model.target import Scope


@pytest.fixture
def connection(store):
    with store.begin() as opened:
        yield opened


@pytest.fixture
def eu(connection):
    registry.add_database(connection, database())
    return connection


def test_a_database_is_found_as_it_was_registered(connection):
    full = replace(database(), host="db.eu", port=5433, credential="env:PASSWORD", migration_timeout=60)
    assert registry.add_database(connection, full) is True
    assert registry.find_database(connection, "eu-1") == full


def test_registering_a_database_twice_changes_nothing(eu):
    assert registry.add_database(eu, database()) is False
    assert registry.databases(eu) == [database()]


def test_a_database_that_moved_is_taken_over(eu):
    assert registry.add_database(eu, replace(database(), host="db2.eu")) is True
    assert registry.find_database(eu, "eu-1").host == "db2.eu"


def test_a_database_cannot_change_its_kind(eu):
    with pytest.raises(DatabaseConflict, match="registered with kind tenant already, not admin"):
        registry.add_database(eu, database(kind="admin"))


def test_only_what_is_given_of_a_database_changes(eu):
    assert registry.change_database(eu, "eu-1", {"port": 5433}) is True
    assert registry.find_database(eu, "eu-1") == replace(database(), port=5433)
    assert registry.change_database(eu, "eu-1", {"port": 5433}) is False


def test_a_retired_database_is_out_of_the_fleet_until_it_is_registered_again(eu):
    assert (registry.retire_database(eu, "eu-1"), registry.retire_database(eu, "eu-1")) == (True, False)
    assert registry.databases(eu) == []
    assert [found.id for found in registry.databases(eu, retired=True)] == ["eu-1"]
    with pytest.raises(UnknownDatabase):
        registry.find_database(eu, "eu-1")
    assert registry.add_database(eu, database()) is True
    assert registry.databases(eu) == [database()]


@pytest.mark.parametrize(
    "ask",
    [
        lambda c: registry.find_database(c, "absent"),
        lambda c: registry.change_database(c, "absent", {"port": 1}),
        lambda c: registry.retire_database(c, "absent"),
        lambda c: registry.add_tenant(c, tenant("7", "absent")),
    ],
)
def test_an_unknown_database_is_named(connection, ask):
    with pytest.raises(UnknownDatabase, match="database absent is not registered"):
        ask(connection)


def test_a_tenant_is_found_as_it_was_registered(eu):
    full = tenant("7", template_version="3")
    assert registry.add_tenant(eu, full) is True
    assert registry.find_tenant(eu, "7") == full
    assert registry.add_tenant(eu, full) is False


def test_a_tenant_cannot_have_anothers_schema(eu):
    registry.add_tenant(eu, tenant("7"))
    with pytest.raises(TenantConflict, match=r"tenant 8 cannot have schema tenant_7 .* that schema is tenant 7's"):
        registry.add_tenant(eu, tenant("8", schema_name="tenant_7"))


def test_a_tenant_cannot_have_two_schemas(eu):
    registry.add_tenant(eu, tenant("7"))
    with pytest.raises(TenantConflict, match="it is registered with schema tenant_7 in database eu-1"):
        registry.add_tenant(eu, tenant("7", schema_name="another"))


def test_the_same_schema_name_in_another_database_is_no_conflict(eu):
    registry.add_database(eu, database("us-1"))
    registry.add_tenant(eu, tenant("7"))
    assert registry.add_tenant(eu, tenant("8", "us-1", schema_name="tenant_7")) is True


def test_the_schema_of_a_retired_tenant_may_be_taken(eu):
    registry.add_tenant(eu, tenant("7"))
    registry.retire_tenant(eu, "7")
    assert registry.add_tenant(eu, tenant("8", schema_name="tenant_7")) is True
    with pytest.raises(TenantConflict, match="that schema is tenant 8's"):
        registry.add_tenant(eu, tenant("7"))


def test_a_retired_tenant_comes_back_when_it_is_registered_again(eu):
    registry.add_tenant(eu, tenant("7"))
    assert (registry.retire_tenant(eu, "7"), registry.retire_tenant(eu, "7")) == (True, False)
    with pytest.raises(UnknownTenant):
        registry.find_tenant(eu, "7")
    assert registry.add_tenant(eu, tenant("7")) is True
    assert registry.tenants(eu) == [tenant("7")]


def test_only_what_is_given_of_a_tenant_changes(eu):
    registry.add_tenant(eu, tenant("7"))
    assert registry.change_tenant(eu, "7", {"slug": "acme"}) is True
    assert registry.find_tenant(eu, "7") == replace(tenant("7"), slug="acme")
    assert registry.change_tenant(eu, "7", {"slug": "acme"}) is False


def test_a_tenant_moves_neither_to_a_taken_schema_nor_to_an_unknown_database(eu):
    registry.add_tenant(eu, tenant("7"))
    registry.add_tenant(eu, tenant("8"))
    with pytest.raises(TenantConflict):
        registry.change_tenant(eu, "8", {"schema_name": "tenant_7"})
    with pytest.raises(UnknownDatabase):
        registry.change_tenant(eu, "8", {"database_id": "absent"})


@pytest.mark.parametrize("ask", [registry.find_tenant, registry.retire_tenant])
def test_an_unknown_tenant_is_named(connection, ask):
    with pytest.raises(UnknownTenant, match="tenant absent is not registered"):
        ask(connection, "absent")


@pytest.mark.parametrize(
    "want",
    [
        lambda c: registry.add_tenant(c, tenant("8", schema_name="tenant_7")),
        lambda c: registry.change_tenant(c, "9", {"schema_name": "tenant_7"}),
        lambda c: registry.add_tenant(c, tenant("10", schema_name="tenant_7")),
    ],
    ids=["register", "move", "revive"],
)
def test_two_that_want_one_schema_at_once_get_one_conflict(store, query, control, want):
    with store.begin() as first:
        registry.add_database(first, database())
        registry.add_tenant(first, tenant("9"))
        registry.add_tenant(first, tenant("10", schema_name="tenant_7"))
        registry.retire_tenant(first, "10")

    def come_late():
        with store.begin() as late:
            want(late)

    waits = f"SELECT true FROM pg_stat_activity WHERE datname = '{control}' AND wait_event_type = 'Lock'"
    with store.begin() as first:
        registry.add_tenant(first, tenant("7"))
        with meanwhile(come_late) as second:
            eventually(lambda: query("postgres", waits))
            first.commit()
            with pytest.raises(TenantConflict, match="that schema is tenant 7's"):
                second.result()


FLEET = ["admin/public", "shared/public", "analytics/public", "a/tenant_1", "a/tenant_2", "b/tenant_3"]


@pytest.fixture
def fleet(connection):
    """One database of each kind, two with tenants, and some that are retired."""
    for name, kind in [("admin", "admin"), ("shared", "shared"), ("analytics", "analytics")]:
        registry.add_database(connection, database(name, kind))
    for name in ("a", "b", "gone"):
        registry.add_database(connection, database(name))
    for number, name in [("1", "a"), ("2", "a"), ("3", "b"), ("4", "b"), ("5", "gone")]:
        registry.add_tenant(connection, tenant(number, name))
    registry.retire_tenant(connection, "4")
    registry.retire_database(connection, "gone")
    return connection


@pytest.mark.parametrize(
    ("scopes", "wishes", "targets"),
    [
        (Scope, {}, FLEET),
        ([Scope.ADMIN], {}, FLEET[:1]),
        ([Scope.REGIONAL], {}, FLEET[1:3]),
        ([Scope.TENANT], {}, FLEET[3:]),
        (Scope, {"databases": ["a", "shared"]}, ["shared/public", "a/tenant_1", "a/tenant_2"]),
        (Scope, {"databases": ["gone", "absent"]}, []),
        (Scope, {"databases": []}, []),
        (Scope, {"schemas": ["public", "tenant_3"]}, [*FLEET[:3], "b/tenant_3"]),
        (Scope, {"schemas": []}, []),
        (Scope, {"tenants": ["1", "3", "4"]}, ["a/tenant_1", "b/tenant_3"]),
        ([Scope.TENANT], {"databases": ["a"], "tenants": ["1", "3"]}, ["a/tenant_1"]),
    ],
)
def test_the_targets_that_are_wanted(fleet, scopes, wishes, targets):
    wanted = registry.targets(fleet, scopes, own_schema="public", **wishes)
    assert sorted(map(str, wanted)) == sorted(targets)


def test_a_target_knows_its_scope_and_its_tenant(fleet):
    known = {str(t): (t.scope, t.tenant_id) for t in registry.targets(fleet, Scope, own_schema="own")}
    assert known["admin/own"] == (Scope.ADMIN, None)
    assert known["analytics/own"] == (Scope.REGIONAL, None)
    assert known["b/tenant_3"] == (Scope.TENANT, "3")


def test_tenants_are_listed_by_database_and_schema(fleet):
    assert [t.id for t in registry.tenants(fleet)] == ["1", "2", "3", "5"]
    assert [t.id for t in registry.tenants(fleet, "b", retired=True)] == ["3", "4"]
