"""The fleet in a browser: ten thousand tenants at a glance, filtered, and live."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlparse
from uuid import uuid4

import pytest

import tasks
from migrator.fleet import claims
from tests.acceptance.fleet import FIRST, SECOND
from tests.acceptance.nodes import wait_until
from tests.browser.conftest import PHONE
from tests.browser.many import executed, marked
from tests.browser.test_execution_page import LONGEST_FRAME
from tests.integration.small_fleet import done, failed, lane

MANY = 10_000
REGIONS = """UPDATE migrator.tenant SET region = (ARRAY['eu', 'us', 'ap'])[1 + id::int % 3],
    labels = CASE WHEN id::int % 10 = 0 THEN '{"tier": "gold"}' ELSE '{}' END::jsonb"""


@pytest.fixture
def worker_settings():
    return {"MIGRATOR_PROGRESS_EVERY": "0.1", "MIGRATOR_UPKEEP_EVERY": "0.5"}


def made(fleet, tenants: int, **more) -> None:
    fleet.write("V1__account.sql", FIRST)
    fleet.write("V2__name.sql", SECOND)
    fleet.register(tenants=tenants)
    fleet.rows("control", REGIONS)
    marked(fleet, tenants, **more)


def condition(page, name: str) -> int:
    place = page.locator(f"#conditions [data-condition='{name}'] b")
    return int(place.inner_text().replace(",", "")) if place.count() else 0


def shown(page) -> int:
    return page.evaluate("[...document.querySelectorAll('#grid canvas')].reduce((sum, c) => sum + Number(c.dataset.shown), 0)")


def test_ten_thousand_tenants_are_seen_filtered_and_followed_without_a_burden(fleet, dashboard, open_page, keep):
    made(fleet, MANY)
    broken = [n for n in range(1, 400, 7) if n % 97]
    executed(fleet, broken, "e1", lambda claim: failed(claim, f'relation "x{claim.schema_name}" already exists'))
    for number in broken:
        fleet.rows(fleet.home(number), f"COMMENT ON TABLE tenant_{number}.flyway_schema_history IS NULL")
    page = open_page(f"{dashboard.url}/migrator")
    page.get_by_role("heading", name="10,000 targets, 2 databases").wait_for()
    wait_until(lambda: condition(page, "failed") == len(broken), "failures are not shown", 30)
    behind = len([n for n in range(97, MANY + 1, 97) if n not in broken])
    assert (condition(page, "behind"), condition(page, "ahead"), shown(page)) == (behind, 3, MANY)
    keep(page, "fleet-10000-light")

    page.locator("#conditions [data-condition='failed']").click()
    wait_until(lambda: shown(page) == len(broken))
    assert parse_qs(urlparse(page.url).query) == {"state": ["failed"]}
    assert page.locator("#list tbody tr").count() == min(len(broken), 50)
    page.locator("#filter-error").select_option(label=f"{len(broken)} \N{MULTIPLICATION SIGN} relation <value> already exists")
    assert shown(page) == len(broken)
    page.get_by_role("button", name="Show all").click()
    took = page.evaluate(FILTER_TIME, "tenant_77")
    assert shown(page) == len([n for n in range(1, MANY + 1) if "tenant_77" in f"tenant_{n}"])
    assert took < 500, f"filtering took {took} ms"
    page.locator("#filter-q").fill("")
    page.locator("#filter-region").select_option("us")
    assert shown(page) == MANY // 3 + 1
    page.locator("#filter-label").select_option("tier=gold")
    assert shown(page) == len([n for n in range(10, MANY + 1, 10) if n % 3 == 1])
    page.locator("#filter-version").select_option("1")
    assert 0 < shown(page) < 60

    again = open_page(page.url, scheme="dark")
    again.locator("#list tbody tr").first.wait_for()
    assert shown(again) == shown(page)
    page.get_by_role("button", name="Show all").click()
    executed(fleet, range(8000, 8100), "e2", lambda claim: None)
    wait_until(lambda: condition(page, "running") == 100, "the page does not follow")
    with fleet.store.begin() as connection:
        rows = fleet.rows("control", "SELECT count(*) FROM migrator.outcome WHERE state = 'running'")
    assert rows == [(100,)]
    slowest = page.evaluate(LONGEST_FRAME)
    assert slowest < 1000, f"the page stood still for {slowest} ms"
    again.get_by_role("button", name="Show all").click()
    wait_until(lambda: condition(again, "running") == 100)
    keep(again, "fleet-10000-dark")


FILTER_TIME = """(wanted) => new Promise((resolve) => {
  const place = document.getElementById('filter-q');
  const begun = performance.now();
  place.value = wanted;
  place.dispatchEvent(new Event('input'));
  requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begun)));
})"""
