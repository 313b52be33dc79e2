"""Mistakes of every kind end in one sentence, a stored outcome and the right exit code, and in nothing half-made."""

from __future__ import annotations

import pytest

from migrator.fleet import registry
from tests.acceptance.fleet import FIRST, SECOND

pytestmark = pytest.mark.usefixtures("celery_setup")


@pytest.fixture
def worker_settings():
    return {"MIGRATOR_MAX_RETRIES": "1", "MIGRATOR_SCHEMA_LOCK_WAIT": "0.3"}


@pytest.fixture
def one_tenant(fleet):
    fleet.write("V1__account.sql", FIRST)
    fleet.register(tenants=2)


def readdress(fleet, **more):
    with fleet.store.begin() as connection:
        registry.change_database(connection, "two", more)


@pytest.mark.usefixtures("one_tenant")
def test_an_unreachable_database_is_reported_and_the_other_one_is_migrated(fleet):
    readdress(fleet, port=1)
    code, report = fleet.command_json("migrate")
    assert (code, report["done"], report["failed"]) == (1, 1, 1)
    assert "database two at 127.0.0.1:1/" in report["failures"][0]["message"]
    assert "cannot be reached" in report["failures"][0]["message"]
    assert (fleet.schemas("one"), fleet.schemas("two")) == ({"tenant_2"}, set())


@pytest.mark.usefixtures("one_tenant")
def test_a_wrong_password_is_reported_without_the_password(fleet):
    secret = fleet.place / "secret"
    secret.write_text("canary-password\n")
    readdress(fleet, credential=f"file:{secret}")
    code, report = fleet.command_json("migrate")
    assert (code, report["failed"]) == (1, 1)
    assert "refused user postgres: password authentication failed" in report["failures"][0]["message"]
    assert "canary-password" not in str(report)


@pytest.mark.usefixtures("one_tenant")
def test_a_changed_checksum_stops_each_target_that_has_it_applied(fleet):
    assert fleet.command("migrate").returncode == 0
    fleet.write("V1__account.sql", FIRST.replace("text", "varchar"))
    fleet.write("V2__account_name.sql", SECOND)
    code, report = fleet.command_json("migrate", "--canary", "0", "--max-failures", "2")
    assert (code, report["failed"]) == (1, 2)
    assert "V1__account.sql was changed after it was applied" in report["failures"][0]["message"]
    assert fleet.history("one", "tenant_2") == ["V1__account.sql"]


@pytest.mark.usefixtures("one_tenant")
def test_a_duplicate_version_is_refused_before_anything_is_touched(fleet):
    fleet.write("V1__again.sql", SECOND)
    done = fleet.command("migrate")
    assert done.returncode == 2
    assert "version 1 is claimed by two files" in done.stdout
    assert fleet.schemas("one") == set()
    assert "claimed by two files" in fleet.rows("control", "SELECT error_message FROM migrator.event")[0][0]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["migrate", "--database", "nowhere"], "no registered target has database nowhere"),
        (["migrate", "--tenant", "99"], "no registered target has tenant 99"),
        (["migrate", "--scope", "tenant", "--to", "99"], "there is no version 99"),
        (["migrate", "--to", "1"], "to_version needs one scope"),
        (["migrate", "--scope", "galaxy"], "'galaxy' is not one of"),
        (["tenant", "add", "8", "--database", "one", "--schema", "a-b"], "is not a plain identifier"),
        (["show", "nothing"], "there is no execution nothing"),
        (["watch", "nothing"], "there is no execution nothing"),
    ],
)
@pytest.mark.usefixtures("one_tenant")
def test_a_command_with_a_mistake_exits_with_2_and_says_what_is_wrong(fleet, arguments, sentence):
    done = fleet.command(*arguments)
    assert done.returncode == 2
    assert sentence in done.stdout + done.stderr
    assert fleet.schemas("one") == set()


@pytest.mark.usefixtures("one_tenant")
def test_a_schema_that_somebody_else_is_migrating_is_left_alone_and_named(fleet, worker_settings):
    with fleet.holding("two", "tenant_1"):
        code, report = fleet.command_json("migrate")
    assert (code, report["done"], report["failed"]) == (1, 1, 1)
    assert "schema tenant_1 of database two is being migrated by a test since" in report["failures"][0]["message"]
