"""The list of executions, and what is the same on every page of ours."""

from __future__ import annotations

import re
from uuid import uuid4

import tasks
from tests.acceptance.fleet import FIRST
from tests.browser.conftest import PHONE


def test_the_list_shows_an_execution_as_soon_as_it_is_there_and_leads_to_it(fleet, dashboard, celery_setup, open_page):
    fleet.write("V1__account.sql", FIRST)
    fleet.register(tenants=6)
    page = open_page(f"{dashboard.url}/migrator/executions")
    page.get_by_text("No executions yet").wait_for()
    sent = tasks.migration_requested.delay(request_id=uuid4().hex, scope="tenant", requested_by="ann")
    row = page.locator(f"tr[data-execution='{sent.id}']")
    row.get_by_text("completed").wait_for()
    assert "6 of 6" in row.inner_text()
    assert "ann" in row.inner_text()
    row.locator("a").click()
    page.wait_for_url(re.compile(f"/migrator/executions/{sent.id}$"))
    page.get_by_role("heading", name="Migrate 6 tenant schemas").wait_for()


def test_every_page_of_flowers_links_to_ours_and_runs_its_own_scripts_under_our_policy(dashboard, open_page):
    for path in ("/", "/tasks", "/broker", "/migrator/executions"):
        page = open_page(dashboard.url + path)
        assert page.get_by_role("link", name="Migrations").get_attribute("href") == "/migrator"
    page = open_page(f"{dashboard.url}/workers")
    assert page.evaluate("autorefresh") == 1


def test_a_page_fits_a_phone(dashboard, open_page):
    page = open_page(f"{dashboard.url}/migrator/executions", PHONE)
    page.get_by_text("No executions yet").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
