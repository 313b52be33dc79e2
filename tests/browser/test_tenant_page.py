"""A tenant in a browser: why it is at its version, and what can be done about it."""

from __future__ import annotations

from uuid import uuid4

import pytest

import tasks
from tests.acceptance.fleet import FIRST, SECOND
from tests.acceptance.nodes import wait_until
from tests.browser.conftest import PHONE
from tests.browser.test_execution_page import press


@pytest.fixture
def worker_settings():
    return {"MIGRATOR_PROGRESS_EVERY": "0.1", "MIGRATOR_UPKEEP_EVERY": "0.5"}


def test_a_tenant_that_failed_is_explained_mended_and_checked(fleet, dashboard, celery_setup, open_page, keep):
    fleet.write("V1__account.sql", FIRST)
    fleet.register(tenants=4)
    asked = {"scope": "tenant", "requested_by": "ann", "canary": 0, "max_failures": "100%"}
    tasks.migration_requested.delay(request_id=uuid4().hex, **asked).get(60)
    fleet.write("V2__name.sql", SECOND)
    home = fleet.home(3)
    fleet.rows(home, "CREATE INDEX account_name ON tenant_3.account (name)")
    sent = tasks.migration_requested.delay(request_id=uuid4().hex, **asked)
    wait_until(lambda: (row := fleet.execution(sent.id)) and row.finished_at, "the rollout did not end", 60)

    page = open_page(f"{dashboard.url}/migrator?state=failed")
    page.locator("#list tr[data-tenant='3'] a").click()
    page.wait_for_url("**/migrator/tenants/3")
    why = page.locator("#why .m-why")
    why.get_by_text("V2__name.sql failed there").wait_for()
    assert "is at version 1" in why.inner_text()
    assert "42P07" in page.locator("#outcomes [data-outcome='failed']").inner_text()
    assert page.locator("#history li").count() == 1
    assert page.locator(f"#outcomes a[href$='{sent.id}']").count() == 1
    keep(page, "tenant-failed-light")
    phone = open_page(page.url, PHONE, "dark")
    phone.locator("#why .m-why").wait_for()
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    keep(phone, "tenant-phone-dark")

    fleet.rows(home, "DROP INDEX tenant_3.account_name")
    press(page, "migrate")
    page.locator("#why .m-why[data-look='ok']").wait_for(timeout=60_000)
    assert page.locator("#history li").count() == 2
    assert fleet.history(home, "tenant_3") == ["V1__account.sql", "V2__name.sql"]
    press(page, "drift")
    page.locator("#outcomes a").get_by_text("drift").wait_for(timeout=60_000)
    by = fleet.rows("control", "SELECT requested_by FROM migrator.execution WHERE kind = 'drift'")
    assert "drift check by dashboard@" in by[0][0]

    page.goto(f"{dashboard.url}/migrator/executions/{sent.id}")
    page.locator("#performance").get_by_text("V2__name.sql").first.wait_for()
    assert page.locator("#performance .m-range").count() >= 2
    keep(page, "execution-performance-light")


def test_a_tenant_nobody_knows_is_told_in_a_page(fleet, dashboard, open_page):
    page = open_page(f"{dashboard.url}/migrator/tenants/nobody")
    assert "nobody" in page.locator("main").inner_text()
