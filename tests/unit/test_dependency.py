"""What a request depends on and does not bring with it."""

from __future__ import annotations

import pytest

from migrator.model.dependency import needs_of, unmet
from migrator.model.target import Database, DatabaseKind, Scope, Target
from migrator.model.version import Version
from tests.unit.test_stage import folders, upto

KNOWN = folders(
    admin=upto(3, V3="tenant:2"), regional=upto(12), tenant=upto(5, V2="regional:10", V4="regional:12, tenant:1")
)
DATABASES = {
    id_: Database(id_, id_, DatabaseKind(kind), region=region)
    for id_, kind, region in [
        ("admin", "admin", "us"),
        ("shared-eu", "shared", "eu"),
        ("shared-us", "shared", "us"),
        ("eu", "tenant", "eu"),
        ("us", "tenant", "us"),
        ("asia", "tenant", "asia"),
        ("nowhere", "tenant", None),
    ]
}
ADMIN = Target("admin", "public", Scope.ADMIN)
SHARED_EU, SHARED_US = (Target(f"shared-{region}", "public", Scope.REGIONAL) for region in ("eu", "us"))
EU, US, ASIA, NOWHERE = (Target(id_, "tenant_1") for id_ in ("eu", "us", "asia", "nowhere"))


def missing(behind, others, requested=()):
    """What is missing when targets at some version are behind and others, by version, are not requested."""
    at = [(target, Version(version) if version else None) for target, version in behind.items()]
    versions = {target: Version(version) if version else None for target, version in others.items()}
    found = unmet(needs_of(at, KNOWN), DATABASES, list(others), [*behind, *requested], versions)
    return [str(each) for each in found]


@pytest.mark.parametrize(
    ("version", "to", "needed"),
    [
        (None, None, ["10", "12"]),
        ("1", None, ["10", "12"]),
        ("2", None, ["12"]),
        ("4", None, []),
        (None, "3", ["10"]),
        (None, "1", []),
    ],
)
def test_only_what_is_pending_needs_something_and_only_of_other_scopes(version, to, needed):
    at = [(EU, Version(version) if version else None), (Target("eu", "tenant_2"), Version("5"))]
    found = needs_of(at, KNOWN, Version(to) if to else None)
    assert [str(each.version) for each in found.get("eu", ())] == needed


def test_what_is_missing_names_target_its_version_and_the_migration_that_needs_it():
    assert missing({EU: "2"}, {SHARED_EU: "11", SHARED_US: "12"}) == [
        "V4__tenant.sql:1 needs regional version 12, and shared-eu/public is at 11"
    ]
    assert missing({EU: "2"}, {SHARED_EU: None}) == [
        "V4__tenant.sql:1 needs regional version 12, and shared-eu/public is fresh"
    ]


def test_what_is_there_is_not_missing():
    assert missing({EU: "2", US: "2"}, {SHARED_EU: "12", SHARED_US: "13"}) == []


def test_the_regional_database_of_the_same_region_counts_and_no_other():
    assert missing({EU: "2"}, {SHARED_EU: "12", SHARED_US: "1"}) == []


@pytest.mark.parametrize("tenant", [ASIA, NOWHERE])
def test_where_no_region_is_the_same_all_regional_databases_count(tenant):
    assert missing({tenant: "2"}, {SHARED_EU: "12", SHARED_US: "1"}) == [
        "V4__tenant.sql:1 needs regional version 12, and shared-us/public is at 1"
    ]


def test_admin_waits_for_tenants_of_all_regions():
    assert missing({ADMIN: "2"}, {EU: "2", US: "1", ASIA: "2"}) == [
        "V3__admin.sql:1 needs tenant version 2, and us/tenant_1 is at 1"
    ]


def test_what_is_requested_too_is_brought_there_by_its_stage():
    assert missing({EU: "2"}, {SHARED_US: "12"}, requested=[SHARED_EU]) == []


def test_a_database_that_could_not_be_asked_is_not_taken_for_ready():
    found = unmet(needs_of([(EU, Version("2"))], KNOWN), DATABASES, [SHARED_EU], [EU], {})
    assert [str(each) for each in found] == [
        "V4__tenant.sql:1 needs regional version 12, and shared-eu/public could not be asked"
    ]


def test_a_scope_without_any_target_cannot_have_been_migrated():
    assert missing({EU: "2"}, {}) == [
        "V4__tenant.sql:1 needs regional version 12, and no target of scope regional is registered"
    ]


def test_what_many_tenants_miss_is_said_once():
    at = {Target("eu", f"tenant_{number}"): "2" for number in range(100)}
    assert len(missing(at, {SHARED_EU: "11"})) == 1
